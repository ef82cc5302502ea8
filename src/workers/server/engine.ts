import type { Emit } from "../../domain/closed-loop.js";
import type { RunRequest, WorkerInfo } from "../../schema/wire.js";

/** What an engine says about itself. `protocol` is only set by an engine that rehearses a wrong one. */
export type EngineInfo = Omit<WorkerInfo, "role" | "pid" | "version" | "protocol"> & { readonly protocol?: string };

/** A loaded inference engine. */
export interface Engine {
  info(): EngineInfo;
  /**
   * Emits `accepted`, `tokens`, `done`, `error` and `idle`; the server adds `start` and `end` or `failed`. Rejects when
   * the engine cannot go on, and when `signal` is aborted, as soon as the engine could do another run; what it emits
   * meanwhile is dropped.
   */
  run(request: RunRequest, emit: Emit, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
