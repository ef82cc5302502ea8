// @ts-check

/** @typedef {{ n: number, median: number, q1: number, q3: number, min: number, max: number }} Summary */

/**
 * Median, quartiles and extremes, to a tenth: a benchmark is disturbed in one direction only, so no mean.
 * @param {readonly number[]} values
 * @returns {Summary}
 */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) => rounded(quantile(sorted, share));
  return { n: values.length, median: at(0.5), q1: at(0.25), q3: at(0.75), min: at(0), max: at(1) };
}

/** @param {number} value */
export const rounded = (value) => Math.round(value * 10) / 10;

/**
 * Quantile by linear interpolation.
 * @param {readonly number[]} sorted
 * @param {number} share
 */
function quantile(sorted, share) {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
