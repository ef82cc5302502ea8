import { describe, expect, it } from "vitest";
import { metricNames } from "../schema/metric.js";
import type { Quantity } from "../schema/quantity.js";
import type { WindowRecord } from "../schema/result.js";
import { qualityOf, type Evidence } from "./quality.js";
import type { RequestRecord } from "./requests.js";

const good: RequestRecord = {
  request: "r0",
  status: "ok",
  sentNs: 0n,
  tokens: [],
  endNs: 1n,
  sentInputTokens: 8,
  inputTokens: 8,
  outputTokens: 4,
  cachedTokens: 0,
  errorCode: undefined,
};

const measured = (value: number): Quantity => ({ status: "measured", value });
const missing: Quantity = { status: "unavailable", reason: "too_few_samples", message: "no samples" };
const metrics = (window_s: number, energy: Quantity): Evidence["metrics"] => {
  const entries = metricNames.map((name) => [name, name === "window_s" ? measured(window_s) : energy]);
  return Object.fromEntries(entries) as Evidence["metrics"];
};

const gpu: WindowRecord["gpus"][number] = {
  uuid: "GPU-a",
  energy_j: measured(1000),
  power_mean_w: measured(33),
  source: "counter",
  samples_count: 3000,
  gap_max_ms: 12,
  power_integral_j: measured(1005),
};

const clean: Evidence = {
  requests: [good],
  askedOutputTokens: 4,
  metrics: metrics(30, measured(1000)),
  steady: { name: "steady", start_ns: "0", end_ns: "1", gpus: [gpu] },
  metered: true,
  samplePeriodMs: 10,
  samplesLost: 0,
  simulated: false,
};

const withGpu = (changes: Partial<typeof gpu>): Evidence => ({
  ...clean,
  steady: { ...clean.steady, gpus: [{ ...gpu, ...changes }] },
});
const codes = (evidence: Evidence): string[] => qualityOf(evidence).map((flag) => flag.code);

describe("qualityOf", () => {
  it("finds nothing in a clean run", () => {
    expect(codes(clean)).toEqual([]);
  });

  it.each<[string, Evidence]>([
    ["E101", { ...clean, metrics: metrics(30, missing) }],
    ["E104", withGpu({ power_integral_j: measured(1300) })],
    ["E106", { ...clean, simulated: true }],
    ["E301", { ...clean, requests: [...Array.from({ length: 90 }, () => good), { ...good, status: "error" }] }],
    ["E302", { ...clean, requests: [{ ...good, outputTokens: 3 }] }],
    ["W103", withGpu({ gap_max_ms: 51 })],
    ["W104", withGpu({ power_integral_j: measured(1040) })],
    ["W107", { ...clean, samplesLost: 1 }],
    ["W304", { ...clean, metrics: metrics(29.9, measured(1)) }],
    ["W306", { ...clean, requests: [{ ...good, cachedTokens: 2 }] }],
    ["W307", { ...clean, requests: [{ ...good, inputTokens: 9 }] }],
  ])("raises %s, and nothing else", (code, evidence) => {
    expect(codes(evidence)).toEqual([code]);
  });

  it("says that no request ended well", () => {
    expect(codes({ ...clean, requests: [{ ...good, status: "error" }] })).toEqual(["E301", "E303"]);
  });

  it("does not look for energy where no meter was asked for", () => {
    expect(
      codes({ ...clean, metered: false, metrics: metrics(30, missing), steady: { ...clean.steady, gpus: [] } }),
    ).toEqual([]);
  });
});
