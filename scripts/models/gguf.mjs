/**
 * GGUF version 3, the file format of llama.cpp: magic, version, counts, metadata, tensor directory, aligned tensor data,
 * all little-endian. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { as, string, uint32, uint64 } from "./gguf-values.mjs";
import { encodedLength, encodeWeights, PRECISIONS } from "./precision.mjs";
import { headWidth, modelTensors, NORM_EPSILON, ROPE_THETA, weightCount } from "./shape.mjs";
import { CHAT_TEMPLATE } from "./tokenizer.mjs";
import { BEGIN, END, makeVocabulary, UNKNOWN } from "./vocabulary.mjs";
import { modelWeights, REVISION } from "./weights.mjs";

/** @typedef {import("./shape.mjs").Shape} Shape */
/** @typedef {import("./shape.mjs").Tensor} Tensor */
/** @typedef {{ shape: Shape, seed: number, precision: import("./precision.mjs").Precision }} GgufModel */

const ALIGNMENT = 32;
/** `tokenizer.ggml.token_type` of each kind of token. */
const TOKEN_TYPES = { text: 1, unknown: 2, control: 3, byte: 6 };

/** @param {number} length */
const padding = (length) => Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);

/**
 * @param {GgufModel} model
 * @returns {Record<string, Buffer>}
 */
function metadata({ shape, seed, precision }) {
  const tokens = makeVocabulary(shape.vocabulary);
  return {
    "general.architecture": as.string("llama"),
    "general.name": as.string(`lem tiny ${precision}`),
    "general.description": as.string(`random weights, revision ${REVISION}, seed ${seed}: the text is noise`),
    "general.file_type": as.uint32(PRECISIONS[precision].fileType),
    "general.quantization_version": as.uint32(2),
    "llama.vocab_size": as.uint32(shape.vocabulary),
    "llama.context_length": as.uint32(shape.context),
    "llama.embedding_length": as.uint32(shape.embedding),
    "llama.block_count": as.uint32(shape.layers),
    "llama.feed_forward_length": as.uint32(shape.feedForward),
    "llama.attention.head_count": as.uint32(shape.heads),
    "llama.attention.head_count_kv": as.uint32(shape.kvHeads),
    "llama.attention.layer_norm_rms_epsilon": as.float32(NORM_EPSILON),
    "llama.rope.dimension_count": as.uint32(headWidth(shape)),
    "llama.rope.freq_base": as.float32(ROPE_THETA),
    "tokenizer.ggml.model": as.string("llama"),
    "tokenizer.ggml.tokens": as.strings(tokens.map((token) => token.text)),
    // The piece with the highest score is merged first: the order of the list.
    "tokenizer.ggml.scores": as.numbers(Float32Array.from(tokens, (token, id) => (token.kind === "text" ? -id : 0))),
    "tokenizer.ggml.token_type": as.numbers(Int32Array.from(tokens, (token) => TOKEN_TYPES[token.kind])),
    "tokenizer.ggml.bos_token_id": as.uint32(BEGIN),
    "tokenizer.ggml.eos_token_id": as.uint32(END),
    "tokenizer.ggml.unknown_token_id": as.uint32(UNKNOWN),
    "tokenizer.ggml.add_bos_token": as.bool(true),
    "tokenizer.ggml.add_eos_token": as.bool(false),
    "tokenizer.ggml.add_space_prefix": as.bool(true),
    "tokenizer.chat_template": as.string(CHAT_TEMPLATE),
  };
}

/**
 * Norms stay F32, as in every GGUF file.
 * @param {Tensor} tensor
 * @param {GgufModel} model
 */
const tensorPrecision = (tensor, model) => (tensor.role === "ones" ? "F32" : model.precision);

/**
 * Everything before the tensor data, and the size of the whole file.
 * @param {GgufModel} model
 */
export function ggufHeader(model) {
  const tensors = modelTensors(model.shape);
  const pairs = Object.entries(metadata(model));
  /** @type {Buffer[]} */
  const parts = [Buffer.from("GGUF"), uint32(3), uint64(tensors.length), uint64(pairs.length)];
  for (const [key, value] of pairs) parts.push(string(key), value);
  let offset = 0; // from the end of the header
  for (const tensor of tensors) {
    const precision = tensorPrecision(tensor, model);
    // ggml names the contiguous dimension first
    const dimensions = tensor.dimensions.toReversed().map((length) => uint64(length));
    parts.push(string(tensor.gguf), uint32(dimensions.length), ...dimensions);
    parts.push(uint32(PRECISIONS[precision].type), uint64(offset));
    const length = encodedLength(weightCount(tensor), precision);
    offset += length + padding(length).length;
  }
  const header = Buffer.concat(parts);
  const bytes = Buffer.concat([header, padding(header.length)]);
  return { bytes, size: bytes.length + offset };
}

/**
 * llama.cpp rotates neighbouring rows (2j, 2j + 1) of a head, Transformers rows (j, j + half); this brings the rows of
 * Transformers into llama.cpp's order, as `LlamaModel.permute` of its convert_hf_to_gguf.py does.
 * @param {Float32Array} values
 * @param {Tensor} tensor
 * @param {number} heads
 */
function interleaveRotaryRows(values, { dimensions }, heads) {
  const [rows = 0, columns = 0] = dimensions;
  const width = rows / heads;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    const inHead = row % width;
    const source = row - inHead + (inHead % 2) * (width / 2) + Math.floor(inHead / 2);
    out.set(values.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return out;
}

/**
 * The file piece by piece.
 * @param {GgufModel} model
 * @returns {Generator<Uint8Array>}
 */
export function* ggufChunks(model) {
  yield ggufHeader(model).bytes;
  for (const { tensor, values } of modelWeights(model)) {
    const rows = tensor.rotaryHeads === undefined ? values : interleaveRotaryRows(values, tensor, tensor.rotaryHeads);
    const bytes = encodeWeights(rows, tensorPrecision(tensor, model));
    yield bytes;
    yield padding(bytes.length);
  }
}
