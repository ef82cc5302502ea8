import type { MetricName } from "../schema/metric.js";
import type { Provenance, Quantity, ReasonCode, Unavailable } from "../schema/quantity.js";
import type { WindowRecord } from "../schema/result.js";
import type { Interval } from "./energy.js";
import type { RequestRecord } from "./requests.js";

const unavailable = (reason: ReasonCode, message: string): Unavailable => ({ status: "unavailable", reason, message });

/** What is known about energy before it is looked up in a window. */
export type EnergySource =
  | { readonly status: "metered"; readonly provenance: Provenance }
  | { readonly status: "absent"; readonly reason: ReasonCode; readonly message: string };

export interface SteadyWindow extends Interval {
  readonly requests: readonly RequestRecord[];
  readonly record: WindowRecord;
  readonly provenance: Provenance;
  readonly energy: EnergySource;
}

/** Scalar metrics of the steady window; definitions in schema/metric.ts. */
export function runMetrics(steady: SteadyWindow): Record<MetricName, Quantity> {
  const seconds = Number(steady.endNs - steady.startNs) / 1e9;
  const ok = steady.requests.filter((request) => request.status === "ok");
  const outputTokens = steady.requests.reduce((sum, request) => sum + tokensInside(request, steady), 0);
  const requests = ok.reduce((sum, request) => sum + shareInside(request, steady), 0);
  const known = (value: number): Quantity => ({ status: steady.provenance, value });
  const window = ok.length === 0 ? unavailable("no_requests", "no request ended well") : known(seconds);
  const energy = totalEnergy(steady);
  return {
    window_s: known(seconds),
    requests_ok_count: known(ok.length),
    requests_failed_count: known(steady.requests.length - ok.length),
    input_tokens_count: known(ok.reduce((sum, request) => sum + (request.inputTokens ?? 0), 0)),
    output_tokens_count: known(outputTokens),
    output_tokens_per_s: rate(outputTokens, window),
    requests_per_s: rate(requests, window),
    energy_gpu_j: energy,
    power_gpu_mean_w: per(energy, seconds, "no_requests"),
    energy_per_output_token_j: per(energy, outputTokens, "no_tokens"),
    energy_per_request_j: per(energy, requests, "no_requests"),
  };
}

function tokensInside(request: RequestRecord, interval: Interval): number {
  return request.tokens.reduce(
    (sum, event) => (event.tNs >= interval.startNs && event.tNs <= interval.endNs ? sum + event.n : sum),
    0,
  );
}

/**
 * How much of a request belongs to the window. With continuous batching all slots end in one step and the first one of
 * them ends the window: counting whole requests would lose the others, whose energy is inside.
 */
function shareInside(request: RequestRecord, interval: Interval): number {
  const all = request.tokens.reduce((sum, event) => sum + event.n, 0);
  return all === 0 ? 0 : tokensInside(request, interval) / all;
}

function rate(amount: number, window: Quantity): Quantity {
  if (window.status === "unavailable") return window;
  if (window.value === 0) return unavailable("no_requests", "the steady window has no length");
  return { status: window.status, value: amount / window.value };
}

/** Sum over all GPUs of the launch; one GPU without a value makes the sum unavailable. */
function totalEnergy(steady: SteadyWindow): Quantity {
  if (steady.energy.status === "absent") return unavailable(steady.energy.reason, steady.energy.message);
  let value = 0;
  for (const gpu of steady.record.gpus) {
    if (gpu.energy_j.status === "unavailable") return gpu.energy_j;
    value += gpu.energy_j.value;
  }
  return { status: steady.energy.provenance === "simulated" ? "simulated" : steady.provenance, value };
}

function per(quantity: Quantity, divisor: number, missing: ReasonCode): Quantity {
  if (quantity.status === "unavailable") return quantity;
  if (divisor === 0) return unavailable(missing, "nothing to divide by in the window");
  return { status: quantity.status, value: quantity.value / divisor };
}
