/** What a metric means. A name never changes its meaning; a new meaning is a new name. */
export interface MetricDefinition {
  readonly unit: string;
  readonly better: "lower" | "higher" | "neither";
  readonly definition: string;
}

export const metricNames = [
  "window_s",
  "requests_ok_count",
  "requests_failed_count",
  "input_tokens_count",
  "output_tokens_count",
  "output_tokens_per_s",
  "requests_per_s",
  "energy_gpu_j",
  "power_gpu_mean_w",
  "energy_per_output_token_j",
  "energy_per_request_j",
] as const;
export type MetricName = (typeof metricNames)[number];

/** Numbers of one run. All of them concern the steady window. */
export const metrics: Readonly<Record<MetricName, MetricDefinition>> = {
  window_s: { unit: "s", better: "neither", definition: "length of the steady window, on the monotonic clock" },
  requests_ok_count: { unit: "1", better: "neither", definition: "requests accepted in the window that ended well" },
  requests_failed_count: {
    unit: "1",
    better: "lower",
    definition: "requests accepted in the window that ended with an error",
  },
  input_tokens_count: { unit: "1", better: "neither", definition: "prompt tokens of the requests that ended well" },
  output_tokens_count: { unit: "1", better: "neither", definition: "output tokens that arrived inside the window" },
  output_tokens_per_s: { unit: "1/s", better: "higher", definition: "output_tokens_count / window_s" },
  requests_per_s: {
    unit: "1/s",
    better: "higher",
    definition: "requests done in the window / window_s; a request counts with the share of its output tokens inside",
  },
  energy_gpu_j: {
    unit: "J",
    better: "lower",
    definition: "gross energy of all GPUs of the launch in the window, idle included",
  },
  power_gpu_mean_w: { unit: "W", better: "neither", definition: "energy_gpu_j / window_s" },
  energy_per_output_token_j: { unit: "J", better: "lower", definition: "energy_gpu_j / output_tokens_count" },
  energy_per_request_j: {
    unit: "J",
    better: "lower",
    definition: "energy_gpu_j / requests done in the window, counted as for requests_per_s",
  },
};

export const distributionNames = ["ttft_ms", "itl_ms", "tpot_ms", "e2e_ms"] as const;
export type DistributionName = (typeof distributionNames)[number];

/** Distributions over the requests accepted in the steady window that ended well. */
export const distributions: Readonly<Record<DistributionName, MetricDefinition>> = {
  ttft_ms: { unit: "ms", better: "lower", definition: "first output token minus request sent" },
  itl_ms: {
    unit: "ms",
    better: "lower",
    definition: "gap between consecutive token events of a request, pooled over requests",
  },
  tpot_ms: {
    unit: "ms",
    better: "lower",
    definition: "(last token minus first token event) / tokens after the first event, per request",
  },
  e2e_ms: { unit: "ms", better: "lower", definition: "request ended minus request sent" },
};
