import type { Result } from "../schema/result.js";

/** What a person who waits wants to know. */
export type Progress =
  | { readonly type: "preflight" }
  | { readonly type: "swept"; readonly names: readonly string[] }
  | { readonly type: "campaign_start"; readonly directory: string; readonly runs: number; readonly launches: number }
  | {
      readonly type: "launch_start";
      readonly cycle: number;
      readonly slugs: readonly string[];
      readonly gpus: readonly string[];
    }
  | { readonly type: "phase"; readonly phase: "starting" | "idle" | "warmup" | "steady"; readonly slug: string }
  | { readonly type: "teardown_failed"; readonly message: string }
  | { readonly type: "run_end"; readonly result: Result; readonly done: number; readonly runs: number };

export type OnProgress = (progress: Progress) => void;
