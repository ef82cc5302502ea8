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
  const endedInside = ok.filter((request) => request.endNs !== undefined && request.endNs <= steady.endNs).length;
  const outputTokens = steady.requests.reduce((sum, request) => sum + tokensInside(request, steady), 0);
  const known = (value: number): Quantity => ({ status: steady.provenance, value });
  const energy = totalEnergy(steady);
  return {
    window_s: known(seconds),
    requests_ok_count: known(ok.length),
    requests_failed_count: known(steady.requests.length - ok.length),
    input_tokens_count: known(ok.reduce((sum, request) => sum + (request.inputTokens ?? 0), 0)),
    output_tokens_count: known(outputTokens),
    output_tokens_per_s: known(outputTokens / seconds),
    requests_per_s: known(endedInside / seconds),
    energy_gpu_j: energy,
    power_gpu_mean_w: per(energy, seconds, "no_requests"),
    energy_per_output_token_j: per(energy, outputTokens, "no_tokens"),
    energy_per_request_j: per(energy, endedInside, "no_requests"),
  };
}

function tokensInside(request: RequestRecord, interval: Interval): number {
  return request.tokens.reduce(
    (sum, event) => (event.tNs >= interval.startNs && event.tNs <= interval.endNs ? sum + event.n : sum),
    0,
  );
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
