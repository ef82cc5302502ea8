/**
 * Safetensors: the length of a JSON directory as a little-endian u64, the directory, then the tensors without gaps.
 * https://github.com/huggingface/safetensors#format
 */
import { modelTensors, weightCount } from "./shape.mjs";
import { modelWeights, REVISION } from "./weights.mjs";

/** @typedef {import("./weights.mjs").Model} Model */

const FLOAT32_BYTES = 4;

/**
 * The length, the directory, and the size of the whole file.
 * @param {Model} model
 */
export function safetensorsHeader({ shape, seed }) {
  /** @type {Record<string, object>} */
  const directory = {
    __metadata__: {
      format: "pt",
      description: `random weights, revision ${REVISION}, seed ${seed}: the text is noise`,
    },
  };
  let offset = 0; // from the end of the directory
  for (const tensor of modelTensors(shape)) {
    const end = offset + weightCount(tensor) * FLOAT32_BYTES;
    directory[tensor.transformers] = { dtype: "F32", shape: tensor.dimensions, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(directory);
  const json = Buffer.from(text + " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8)); // the data starts aligned
  const length = Buffer.from(BigUint64Array.of(BigInt(json.length)).buffer);
  const bytes = Buffer.concat([length, json]);
  return { bytes, size: bytes.length + offset };
}

/**
 * The file piece by piece.
 * @param {Model} model
 * @returns {Generator<Uint8Array>}
 */
export function* safetensorsChunks(model) {
  yield safetensorsHeader(model).bytes;
  for (const { values } of modelWeights(model)) yield new Uint8Array(values.buffer);
}
