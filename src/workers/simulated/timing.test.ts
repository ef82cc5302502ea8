import { expect, it } from "vitest";
import { SimulatedParams } from "../../schema/backend/simulated.js";
import { tokenTimes } from "./timing.js";

const params = SimulatedParams.parse({ prefill_tokens_per_s: 1000, decode_tokens_per_s: 100, jitter: 0.1 });
const request = { index: 3, inputTokens: 50, outputTokens: 200 };

it("is the same for the same seed and request, and another for another", () => {
  const times = tokenTimes(params, 7, request);
  expect(tokenTimes(params, 7, request)).toEqual(times);
  expect(tokenTimes(params, 8, request)).not.toEqual(times);
  expect(tokenTimes(params, 7, { ...request, index: 4 })).not.toEqual(times);
});

it("has the rates that were asked for, within the jitter", () => {
  const times = tokenTimes(params, 7, request);
  expect(times[0]).toBeGreaterThanOrEqual(45);
  expect(times[0]).toBeLessThanOrEqual(55);
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(9);
  expect(Math.max(...steps)).toBeLessThanOrEqual(11);
  expect(steps.reduce((sum, step) => sum + step, 0) / steps.length).toBeCloseTo(10, 0);
});

it("is exact without jitter", () => {
  const times = tokenTimes({ ...params, jitter: 0 }, 7, { ...request, outputTokens: 3 });
  expect([...times]).toEqual([50, 60, 70]);
});
