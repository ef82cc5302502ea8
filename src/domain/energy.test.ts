import { describe, expect, it } from "vitest";
import type { Sample } from "../schema/wire.js";
import { counterEdges, energyByCounter, energyByPower, longestGapMs } from "./energy.js";

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));

/** Samples of a GPU whose power is known exactly, with a counter that steps every 20 ms as hardware counters do. */
function sampled(
  watts: (t: number) => number,
  joules: (t: number) => number,
  { fromS = 0, toS = 10, periodS = 0.01 } = {},
): Sample[] {
  const count = Math.round((toS - fromS) / periodS);
  return Array.from({ length: count }, (_, seq) => {
    const t = fromS + seq * periodS;
    return {
      seq,
      gpu_uuid: "GPU-00000000",
      t_before_ns: String(ns(t)),
      t_after_ns: String(ns(t) + 50_000n),
      energy_mj: Math.floor(1000 * joules(Math.floor(t / 0.02) * 0.02)) + 1_000_000,
      power_mw: 1000 * watts(t),
      temperature_celsius: null,
      memory_used_bytes: null,
    };
  });
}

const constant = sampled(
  () => 250,
  (t) => 250 * t,
);
const wave = sampled(
  (t) => 200 + 100 * Math.sin(2 * t),
  (t) => 200 * t + 50 * (1 - Math.cos(2 * t)),
);

describe("energyByCounter", () => {
  it.each([
    [1, 9],
    [1.234, 2.345],
    [3.001, 8.999],
  ])("errs by at most one poll period of constant power from %d s to %d s", (from, to) => {
    const energy = energyByCounter(counterEdges(constant), { startNs: ns(from), endNs: ns(to) });

    expect(energy.status === "known" && Math.abs(energy.energyJ - 250 * (to - from))).toBeLessThanOrEqual(250 * 0.0101);
  });

  it("stays within 0.5 % of the integral of changing power over a long window", () => {
    const exact = 200 * 8 + 50 * (Math.cos(2) - Math.cos(18));
    const energy = energyByCounter(counterEdges(wave), { startNs: ns(1), endNs: ns(9) });

    expect(energy.status === "known" && Math.abs(energy.energyJ / exact - 1)).toBeLessThan(0.005);
  });

  it("knows nothing where the counter did not move on both sides", () => {
    const edges = counterEdges(constant);

    expect(energyByCounter(edges, { startNs: ns(5), endNs: ns(12) }).status).toBe("unknown");
    expect(energyByCounter([], { startNs: ns(1), endNs: ns(2) }).status).toBe("unknown");
  });

  it("takes a reading of 0 or none for no reading, not for no energy", () => {
    const glitches = constant.map((sample) =>
      sample.seq % 7 === 0 ? { ...sample, energy_mj: sample.seq % 2 === 0 ? 0 : null } : sample,
    );
    const energy = energyByCounter(counterEdges(glitches), { startNs: ns(1), endNs: ns(9) });

    expect(energy.status === "known" && energy.energyJ / 2000).toBeCloseTo(1, 2);
  });
});

describe("energyByPower", () => {
  it("integrates the readings between the ends of the window", () => {
    const energy = energyByPower(wave, { startNs: ns(1), endNs: ns(9) });

    expect(energy.status === "known" && energy.energyJ / (200 * 8 + 50 * (Math.cos(2) - Math.cos(18)))).toBeCloseTo(
      1,
      2,
    );
  });

  it("knows nothing when the readings do not cover the window", () => {
    expect(energyByPower(wave, { startNs: ns(9), endNs: ns(11) }).status).toBe("unknown");
    expect(energyByPower([], { startNs: ns(1), endNs: ns(2) }).status).toBe("unknown");
  });
});

describe("longestGapMs", () => {
  it("finds a hole in the sampling, also one over an end of the window, and ignores those outside", () => {
    const holes = wave.filter(({ seq }) => !(seq > 300 && seq < 330) && !(seq > 700 && seq < 790));

    expect(longestGapMs(holes, { startNs: ns(1), endNs: ns(5) })).toBeCloseTo(300, 3);
    expect(longestGapMs(holes, { startNs: ns(1), endNs: ns(7.5) })).toBeCloseTo(900, 3);
    expect(longestGapMs(holes, { startNs: ns(4), endNs: ns(6) })).toBeCloseTo(10, 3);
  });
});
