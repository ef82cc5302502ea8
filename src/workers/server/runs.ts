import type { RunRequest } from "../../schema/wire.js";
import { monotonicText } from "./clock.js";
import type { Engine } from "./engine.js";
import { RunLog } from "./run-log.js";

interface Run {
  readonly id: string;
  readonly log: RunLog;
  readonly abort: AbortController;
  readonly finished: Promise<void>;
}

export type StartResult =
  { readonly status: "started"; readonly log: RunLog } | { readonly status: "busy"; readonly runId: string };

/** The run that is going, or the last one: its log stays until the next run starts, for readers that come back. */
export class Runs {
  #run: Run | undefined;
  #going = false;

  /** Starts a run that goes on whether or not anybody reads its log. */
  start(engine: Engine, request: RunRequest): StartResult {
    if (this.#going && this.#run !== undefined) return { status: "busy", runId: this.#run.id };
    this.#going = true;
    const log = new RunLog();
    const abort = new AbortController();
    const finished = drive(engine, request, log, abort.signal).finally(() => {
      this.#going = false;
      log.end();
    });
    this.#run = { id: request.run_id, log, abort, finished };
    return { status: "started", log };
  }

  find(runId: string): RunLog | undefined {
    return this.#run?.id === runId ? this.#run.log : undefined;
  }

  /** Aborts the run that is going, if any; resolves when its last event is in the log. */
  async abort(): Promise<void> {
    if (!this.#going) return;
    this.#run?.abort.abort(new Error("stopped by the controller"));
    await this.#run?.finished;
  }
}

async function drive(engine: Engine, request: RunRequest, log: RunLog, signal: AbortSignal): Promise<void> {
  log.append({ type: "start", t_ns: monotonicText(), run_id: request.run_id });
  try {
    await engine.run(request, (event) => log.append(event), signal);
    signal.throwIfAborted(); // an engine that merely returned early did not finish its work
    log.append({ type: "end", t_ns: monotonicText() });
  } catch (error) {
    const code = signal.aborted ? "aborted" : "engine_error";
    log.append({
      type: "failed",
      t_ns: monotonicText(),
      code,
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
