import { z } from "zod";

/** What is asked of the engine. Prompts are token ids drawn from `seed`, so every backend gets the same work. */
export const Workload = z
  .strictObject({
    dataset: z.literal("synthetic").default("synthetic").describe("uniformly random token ids"),
    input_tokens: z.int().min(1).default(128).describe("prompt length of every request"),
    output_tokens: z
      .int()
      .min(1)
      .default(64)
      .describe("output length of every request; forced, end tokens are ignored"),
    prompts: z.int().min(1).max(4096).default(16).describe("number of distinct prompts, used in turn"),
    seed: z.int().min(0).default(1).describe("seed of the prompts"),
  })
  .describe("the requests");
export type Workload = z.infer<typeof Workload>;

export const Scenario = z
  .enum(["concurrency", "offline"])
  .describe("`concurrency`: closed loop that keeps N requests in flight; `offline`: one batch of N at a time");
export type Scenario = z.infer<typeof Scenario>;

/** How long is measured. The steady window ends at the first of `steady_s` and `requests` that is reached. */
export const Window = z
  .strictObject({
    warmup_requests: z.int().min(0).default(2).describe("requests per slot that are sent and not measured"),
    steady_s: z.number().positive().max(86_400).default(30).describe("longest steady window, in seconds"),
    requests: z.int().min(1).optional().describe("stop the steady window after this many requests"),
    idle_s: z.number().min(0).max(3_600).default(1).describe("length of each idle window, in seconds; needs a meter"),
  })
  .describe("what is measured, and for how long");
export type Window = z.infer<typeof Window>;
