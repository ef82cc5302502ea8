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
  /** Resolves when the engine can work again, which can be after the end of an aborted run. */
  #engineFree: Promise<void> = Promise.resolve();

  /** Starts a run that goes on whether or not anybody reads its log. */
  start(engine: Engine, request: RunRequest): StartResult {
    if (this.#going && this.#run !== undefined) return { status: "busy", runId: this.#run.id };
    this.#going = true;
    const log = new RunLog();
    const abort = new AbortController();
    const work = this.#work(engine, request, log, abort.signal);
    this.#engineFree = work.catch(() => {});
    const finished = report(work, log, abort.signal).finally(() => (this.#going = false));
    this.#run = { id: request.run_id, log, abort, finished };
    return { status: "started", log };
  }

  async #work(engine: Engine, request: RunRequest, log: RunLog, signal: AbortSignal): Promise<void> {
    await this.#engineFree;
    log.append({ type: "start", t_ns: monotonicText(), run_id: request.run_id });
    await engine.run(request, (event) => log.append(event), signal);
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

/** Writes the last line. An aborted run ends at once, although an engine may need to finish the kernel it is in. */
async function report(work: Promise<void>, log: RunLog, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([work, aborted]);
    log.append({ type: "end", t_ns: monotonicText() });
  } catch (error) {
    const code = signal.aborted ? "aborted" : "engine_error";
    const message = error instanceof Error ? error.message : String(error);
    log.append({ type: "failed", t_ns: monotonicText(), code, message });
  } finally {
    log.end();
  }
}
