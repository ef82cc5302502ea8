/**
 * The values in a GGUF file, little-endian. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, `gguf_metadata_value_type`
 */

/** Numbers of the metadata types. */
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

/** @param {number} value */
export const uint32 = (value) => Buffer.from(Uint32Array.of(value).buffer);

/** @param {number} value */
export const uint64 = (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);

/** @param {string} text */
export function string(text) {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([uint64(bytes.length), bytes]);
}

/** Each function makes a metadata value: its type, then its bytes. */
export const as = {
  /** @param {number} value */
  uint32: (value) => Buffer.concat([uint32(UINT32), uint32(value)]),
  /** @param {number} value */
  float32: (value) => Buffer.concat([uint32(FLOAT32), Buffer.from(Float32Array.of(value).buffer)]),
  /** @param {boolean} value */
  bool: (value) => Buffer.concat([uint32(BOOL), Buffer.of(value ? 1 : 0)]),
  /** @param {string} value */
  string: (value) => Buffer.concat([uint32(STRING), string(value)]),
  /** @param {string[]} values */
  strings: (values) =>
    Buffer.concat([uint32(ARRAY), uint32(STRING), uint64(values.length), ...values.map((value) => string(value))]),
  /** @param {Float32Array | Int32Array} values */
  numbers: (values) => {
    const type = values instanceof Int32Array ? INT32 : FLOAT32;
    return Buffer.concat([uint32(ARRAY), uint32(type), uint64(values.length), Buffer.from(values.buffer)]);
  },
};
