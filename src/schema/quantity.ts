import { z } from "zod";

/** Why a value is missing. A missing value is never 0. */
export const ReasonCode = z.enum([
  "no_gpu_requested",
  "too_few_samples",
  "no_requests",
  "no_tokens",
  "single_token_output",
  "run_failed",
]);
export type ReasonCode = z.infer<typeof ReasonCode>;

export const Unavailable = z.strictObject({
  status: z.literal("unavailable"),
  reason: ReasonCode,
  message: z.string().describe("the reason in a sentence, with the fix where there is one"),
});
export type Unavailable = z.infer<typeof Unavailable>;

/** `simulated` values come from a simulated engine or GPU and are never compared with measured ones. */
export const Provenance = z.enum(["measured", "simulated"]);
export type Provenance = z.infer<typeof Provenance>;

/** One number, or the reason why there is none. The unit is in the metric's name. */
export const Quantity = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("measured"), value: z.number() }),
  z.strictObject({ status: z.literal("simulated"), value: z.number() }),
  Unavailable,
]);
export type Quantity = z.infer<typeof Quantity>;

const summary = {
  n: z.int().min(1),
  mean: z.number(),
  min: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
};

/** Summary of a sample; quantiles by linear interpolation between order statistics (Hyndman and Fan 1996, type 7). */
export const Distribution = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("measured"), ...summary }),
  z.strictObject({ status: z.literal("simulated"), ...summary }),
  Unavailable,
]);
export type Distribution = z.infer<typeof Distribution>;
