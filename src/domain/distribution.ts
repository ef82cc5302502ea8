import type { Distribution, Provenance, ReasonCode } from "../schema/quantity.js";

/** Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7) of sorted values. */
export function quantile(sorted: readonly number[], p: number): number {
  const position = (sorted.length - 1) * p;
  const lower = sorted[Math.floor(position)] ?? Number.NaN;
  const upper = sorted[Math.ceil(position)] ?? Number.NaN;
  return lower + (upper - lower) * (position - Math.floor(position));
}

/** Summary of a sample, or the given reason when it is empty. */
export function distributionOf(
  values: readonly number[],
  status: Provenance,
  missing: { readonly reason: ReasonCode; readonly message: string },
): Distribution {
  if (values.length === 0) return { status: "unavailable", ...missing };
  const sorted = values.toSorted((a, b) => a - b);
  return {
    status,
    n: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    min: quantile(sorted, 0),
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
}
