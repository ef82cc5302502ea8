import type { CaseConfig } from "../schema/case.js";
import type { WorkerInfo } from "../schema/wire.js";
import type { LoadTarget } from "./load.js";
import type { Unit, UnitSpec } from "./runtime.js";

/** How requests reach the engine; part of every result, and two drives are never compared silently. */
export type Drive = "engine-api" | "openai-http";

/** What one launch must be able to do for all of its runs. */
export interface LaunchNeeds {
  readonly config: CaseConfig;
  readonly gpus: readonly string[];
  readonly maxConcurrency: number;
  /** Input plus output tokens of the longest request. */
  readonly maxTokens: number;
  /** Bearer token of the launch. */
  readonly token: string;
}

export type Readiness =
  | { readonly status: "starting" }
  | { readonly status: "ready" }
  | { readonly status: "failed"; readonly message: string };

/** What the handshake learnt about the engine that runs. */
export type EngineInfo = Omit<WorkerInfo, "role" | "pid" | "protocol" | "version">;

/** An inference engine family: how to start it, see that it is ready, and read back what it really uses. */
export interface Backend {
  drive(config: CaseConfig): Drive;
  unit(needs: LaunchNeeds): UnitSpec;
  target(unit: Unit, needs: LaunchNeeds): LoadTarget;
  /** One look; never waits. A server that does not answer yet is `starting`. */
  readiness(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<Readiness>;
  /** Rejects with PROTOCOL_MISMATCH when the worker speaks another version. */
  handshake(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<EngineInfo>;
}

/** When a start counts as hanging, in seconds. */
export interface ReadinessLimits {
  /** No output for this long. */
  readonly silenceS: number;
  readonly totalS: number;
}
