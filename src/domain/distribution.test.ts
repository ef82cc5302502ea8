import fc from "fast-check";
import { expect, it } from "vitest";
import { distributionOf, quantile } from "./distribution.js";

const missing = { reason: "no_requests", message: "none" } as const;

it("interpolates between order statistics (type 7 of Hyndman and Fan)", () => {
  const sorted = [1, 2, 3, 4];

  expect(quantile(sorted, 0.5)).toBe(2.5);
  expect(quantile(sorted, 0.25)).toBe(1.75);
  expect(quantile(sorted, 1)).toBe(4);
});

it("is ordered and lies inside the sample, for any sample", () => {
  const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, (sample) => {
      const found = distributionOf(sample, "measured", missing);
      if (found.status === "unavailable") throw new Error("a sample that is not empty has a distribution");
      const steps = [found.min, found.p50, found.p90, found.p95, found.p99, found.max];
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      expect(found.min).toBe(Math.min(...sample));
      expect(found.max).toBe(Math.max(...sample));
    }),
  );
});

it("is unavailable with the reason for an empty sample, never 0", () => {
  expect(distributionOf([], "measured", missing)).toEqual({ status: "unavailable", ...missing });
});
