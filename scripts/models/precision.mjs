/**
 * Float32 weights as the bytes of a GGUF tensor.
 * Types: `enum ggml_type` in https://github.com/ggml-org/ggml/blob/master/include/ggml.h.
 */

/** @typedef {"F32" | "F16" | "Q8_0"} Precision */

/**
 * `type` is the number of the tensor type; `fileType` that of `general.file_type`, which counts otherwise; a block is
 * the smallest number of weights that is stored together.
 * @type {Readonly<Record<Precision, { type: number, fileType: number, blockWeights: number, blockBytes: number }>>}
 */
export const PRECISIONS = Object.freeze({
  F32: { type: 0, fileType: 0, blockWeights: 1, blockBytes: 4 },
  F16: { type: 1, fileType: 1, blockWeights: 1, blockBytes: 2 },
  Q8_0: { type: 8, fileType: 7, blockWeights: 32, blockBytes: 34 },
});

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * IEEE 754 binary16 bits of a number, rounded to nearest, ties to even.
 * @param {number} value
 */
export function halfBits(value) {
  float[0] = value;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 112; // rebased from bias 127 to bias 15
  if (exponent >= 31) return sign | 0x7c00; // too large: infinity (a NaN cannot occur here)
  if (exponent < -10) return sign; // below half of the smallest subnormal
  const mantissa = (word & 0x7fffff) | 0x800000;
  const shift = exponent > 0 ? 13 : 14 - exponent;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const up = rest > half || (rest === half && kept % 2 === 1) ? 1 : 0;
  // Adding, not or-ing: a carry out of the mantissa rightly raises the exponent.
  return sign + (exponent > 0 ? (exponent - 1) << 10 : 0) + kept + up;
}

/**
 * Q8_0: 32 weights as a float16 scale and 32 signed bytes, rounded half away from zero as ggml's `quantize_row_q8_0_ref`.
 * @param {Float32Array} values
 */
function q8Bytes(values) {
  const { blockWeights, blockBytes } = PRECISIONS.Q8_0;
  const out = Buffer.alloc((values.length / blockWeights) * blockBytes);
  for (let block = 0; block * blockWeights < values.length; block += 1) {
    const weights = values.subarray(block * blockWeights, (block + 1) * blockWeights);
    let largest = 0;
    for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    let position = out.writeUInt16LE(halfBits(scale), block * blockBytes);
    for (const weight of weights) {
      const level = Math.round(Math.abs(Math.fround(weight * inverse)));
      position = out.writeInt8(weight < 0 ? -level : level, position);
    }
  }
  return out;
}

/**
 * @param {Float32Array} values
 * @param {Precision} precision
 * @returns {Uint8Array}
 */
export function encodeWeights(values, precision) {
  if (precision === "Q8_0") return q8Bytes(values);
  if (precision === "F32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index += 1) halves[index] = halfBits(values[index] ?? 0);
  return new Uint8Array(halves.buffer);
}

/**
 * @param {number} count weights
 * @param {Precision} precision
 */
export function encodedLength(count, precision) {
  const { blockWeights, blockBytes } = PRECISIONS[precision];
  return (count / blockWeights) * blockBytes;
}
