import { z } from "zod";

/** An engine that computes nothing: token times follow a fixed model, so that everything around it can be tried and tested. */
export const SimulatedParams = z
  .strictObject({
    prefill_tokens_per_s: z.number().positive().default(20_000).describe("prompt tokens per second of one slot"),
    decode_tokens_per_s: z.number().positive().default(200).describe("output tokens per second of one slot"),
    jitter: z.number().min(0).max(0.5).default(0.05).describe("relative spread of each step, from the workload's seed"),
    start_s: z.number().min(0).default(0).describe("time to load"),
    fault: z
      .enum(["none", "exit_at_start", "never_ready", "wrong_protocol", "exit_in_run", "error_in_run", "short_output"])
      .default("none")
      .describe("what goes wrong, to rehearse failures"),
  })
  .describe("simulated engine; its results are never compared with measurements");
export type SimulatedParams = z.infer<typeof SimulatedParams>;
