import { describe, expect, it } from "vitest";
import type { WindowRecord } from "../schema/result.js";
import type { RequestRecord } from "./requests.js";
import { runMetrics, type EnergySource } from "./run-metrics.js";

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));

/** A request that is sent at one time and gets `tokens` tokens, evenly until another. */
function request(id: string, sentS: number, endS: number, tokens = 10): RequestRecord {
  return {
    request: id,
    status: "ok",
    sentNs: ns(sentS),
    tokens: Array.from({ length: tokens }, (_, index) => ({
      tNs: ns(sentS + ((index + 1) * (endS - sentS)) / tokens),
      n: 1,
    })),
    endNs: ns(endS),
    sentInputTokens: 5,
    inputTokens: 5,
    outputTokens: tokens,
    cachedTokens: undefined,
    errorCode: undefined,
  };
}

const metered: EnergySource = { status: "metered", provenance: "measured" };

function metricsOf(requests: readonly RequestRecord[], endS: number, energy: EnergySource = metered, energyJ = 100) {
  const quantity = { status: "measured", value: energyJ } as const;
  const gpu = {
    uuid: "GPU-a",
    energy_j: quantity,
    power_mean_w: quantity,
    samples_count: 1,
    gap_max_ms: 1,
    power_integral_j: quantity,
  };
  const record: WindowRecord = { name: "steady", start_ns: "0", end_ns: String(ns(endS)), gpus: [gpu] };
  return runMetrics({ startNs: 0n, endNs: ns(endS), requests, record, provenance: "measured", energy });
}

const valueOf = (quantity: ReturnType<typeof metricsOf>["window_s"]): number =>
  quantity.status === "unavailable" ? Number.NaN : quantity.value;

describe("runMetrics", () => {
  it("counts the share of a request that lies inside, so that a batch that ends together is counted whole", () => {
    // Eight requests of one step loop; the first to be reported ends the window a microsecond before the others.
    const batch = Array.from({ length: 8 }, (_, index) => request(`r${String(index)}`, 0, 1));
    const metrics = metricsOf(batch, 1);

    expect(valueOf(metrics.requests_per_s)).toBeCloseTo(8, 6);
    expect(valueOf(metrics.energy_per_request_j)).toBeCloseTo(12.5, 6);
  });

  it("takes tokens and requests in the window only", () => {
    const metrics = metricsOf([request("a", 0, 1), request("b", 1, 3)], 2);

    expect(valueOf(metrics.output_tokens_count)).toBe(15);
    expect(valueOf(metrics.output_tokens_per_s)).toBeCloseTo(7.5, 6);
    expect(valueOf(metrics.requests_per_s)).toBeCloseTo(0.75, 6);
    expect(valueOf(metrics.energy_per_output_token_j)).toBeCloseTo(100 / 15, 6);
  });

  it("has no rate without a request that ended well, and never a 0 in its place", () => {
    const failed: RequestRecord = { ...request("a", 0, 1), status: "error", tokens: [] };
    const metrics = metricsOf([failed], 1);

    expect(metrics.requests_failed_count).toEqual({ status: "measured", value: 1 });
    expect(metrics.output_tokens_per_s).toMatchObject({ status: "unavailable", reason: "no_requests" });
    expect(metrics.energy_per_output_token_j).toMatchObject({ status: "unavailable", reason: "no_tokens" });
    expect(metrics.energy_per_request_j).toMatchObject({ status: "unavailable", reason: "no_requests" });
  });

  it("is finite or unavailable for a window without length", () => {
    for (const quantity of Object.values(metricsOf([], 0))) {
      expect(quantity.status === "unavailable" || Number.isFinite(quantity.value)).toBe(true);
    }
  });

  it("passes the reason for missing energy on, and marks energy of a simulated GPU", () => {
    const absent = metricsOf([request("a", 0, 1)], 1, {
      status: "absent",
      reason: "no_gpu_requested",
      message: "none",
    });
    const simulated = metricsOf([request("a", 0, 1)], 1, { status: "metered", provenance: "simulated" });

    expect(absent.energy_per_output_token_j).toMatchObject({ status: "unavailable", reason: "no_gpu_requested" });
    expect(simulated.energy_gpu_j.status).toBe("simulated");
    expect(simulated.output_tokens_per_s.status).toBe("measured");
  });
});
