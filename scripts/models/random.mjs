/**
 * Repeatable random numbers from integers only: no Math.random, and no Math.log or Math.cos, whose last digit may
 * differ between platforms. The same label and seed give the same numbers everywhere.
 */

/**
 * FNV-1a, 32 bits (RFC 9923): turns a label into a number, so that every tensor has a stream of its own.
 * @param {string} text
 */
function hash(text) {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text, "utf8")) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/**
 * sfc32, the "small fast counting" generator of PractRand (https://pracrand.sourceforge.net): 128 bits of state.
 * @param {string} label what the numbers are for
 * @param {number} seed
 * @returns {() => number} the next unsigned 32-bit integer
 */
export function randomIntegers(label, seed) {
  let [a, b, c, counter] = [hash(label), seed >>> 0, 0x9e3779b9, 1];
  const next = () => {
    const result = (a + b + counter) >>> 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result;
  };
  for (let round = 0; round < 16; round += 1) next();
  return next;
}

/** Standard deviation of {@link bell}: four uniform bytes have the variance 4 (256² − 1) / 12. */
export const BELL_DEVIATION = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

/**
 * A whole number from −510 to 510, bell-shaped around 0: the sum of the four bytes of one draw. Ten bits, so times any
 * power of two it is exact in float32 and in float16.
 * @param {number} draw unsigned 32-bit integer
 */
export const bell = (draw) => (draw & 255) + ((draw >>> 8) & 255) + ((draw >>> 16) & 255) + (draw >>> 24) - 510;
