import type { NamedWindow } from "../domain/windows.js";
import { makePrompts } from "../domain/prompts.js";
import type { RunTrace } from "../domain/requests.js";
import { traceRun } from "../domain/requests.js";
import type { Ports } from "../ports/index.js";
import type { OnProgress } from "../ports/progress.js";
import type { RunEvent, RunRequest } from "../schema/wire.js";
import { LemError } from "./errors.js";
import { hashOf } from "./hash.js";
import type { LiveLaunch } from "./launch.js";
import type { PlannedCase } from "./plan.js";
import { diedError } from "./readiness.js";

/** What was observed in one run, before anything is computed from it. */
export interface Observation {
  readonly trace: RunTrace;
  readonly events: readonly RunEvent[];
  readonly windows: readonly NamedWindow[];
  readonly promptsSha256: string;
}

interface Context {
  readonly ports: Ports;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Time after the last event that a meter is asked for, so that the window's end lies between two counter edges. */
const postRollNs = 300_000_000n;

/** One case on a live launch: warm-up, steady window, drain. Rejects when the run gave nothing that can be used. */
export async function measureRun(
  context: Context,
  live: LiveLaunch,
  subject: { planned: PlannedCase; runId: string },
): Promise<Observation> {
  const { planned, runId } = subject;
  const { config } = planned;
  const prompts = makePrompts(config.workload, live.info.vocabulary_tokens);
  const request = (phase: string, stop: RunRequest["stop"]): RunRequest => ({
    run_id: `${runId}-${phase}`,
    scenario: config.scenario,
    concurrency: config.concurrency,
    prompts,
    output_tokens: config.workload.output_tokens,
    stop,
    seed: config.workload.seed,
  });
  const windows: NamedWindow[] = [];
  const warmupRequests = config.window.warmup_requests * config.concurrency;
  if (warmupRequests > 0) {
    context.onProgress({ type: "phase", phase: "warmup", slug: planned.slug });
    const { trace } = await drive(context, live, request("w", { requests: warmupRequests }));
    windows.push({ name: "warmup", startNs: trace.startNs, endNs: trace.endNs });
  }
  context.onProgress({ type: "phase", phase: "steady", slug: planned.slug });
  const { steady_s: after_s, requests } = config.window;
  const { trace, events } = await drive(
    context,
    live,
    request("s", { after_s, ...(requests === undefined ? {} : { requests }) }),
  );
  windows.push({ name: "steady", startNs: trace.startNs, endNs: trace.idleNs });
  if (trace.endNs > trace.idleNs) windows.push({ name: "drain", startNs: trace.idleNs, endNs: trace.endNs });
  await live.meter?.until(trace.endNs + postRollNs, context.signal);
  return { trace, events, windows, promptsSha256: hashOf(prompts) };
}

async function drive(
  context: Context,
  live: LiveLaunch,
  request: RunRequest,
): Promise<{ trace: RunTrace; events: RunEvent[] }> {
  const { ports, signal } = context;
  const driver = ports.loads[ports.backends[live.needs.config.backend].drive(live.needs.config)];
  const events: RunEvent[] = [];
  const ended = new AbortController();
  const died = live.unit.exited.then((exit) => {
    ended.abort();
    return diedError(live.unit, exit);
  });
  const stalled = stallWatch(ports.limits.silenceS, ended);
  try {
    const onEvent = (event: RunEvent): void => {
      events.push(event);
      stalled.refresh();
    };
    await driver.run(live.target, request, onEvent, AbortSignal.any([signal, ended.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (stalled.error !== undefined) throw stalled.error;
    // A broken connection usually means that the program behind it has ended: its end is then the better explanation.
    const exit = await Promise.race([died, ports.clock.sleep(2000, signal)]);
    throw exit ?? error;
  } finally {
    stalled.stop();
  }
  const traced = traceRun(events, live.clockOffset.offsetNs);
  if (traced.status === "incomplete") {
    const code = traced.message.startsWith("out_of_memory") ? "WORKER_OUT_OF_MEMORY" : "RUN_FAILED";
    throw new LemError(code, `the run did not complete: ${traced.message}`, { logTail: live.unit.logTail() });
  }
  return { trace: traced.trace, events };
}

interface StallWatch {
  readonly error: LemError | undefined;
  refresh(): void;
  stop(): void;
}

/** Ends a run from which nothing is heard for a long time: an engine can hang without ending. */
function stallWatch(silenceS: number, run: AbortController): StallWatch {
  let error: LemError | undefined;
  const timer = setTimeout(() => {
    error = new LemError("RUN_FAILED", `the run stalled: no event for ${String(silenceS)} s`, {
      hint: "one step of a large model may take longer: LEM_SILENCE_S raises the limit",
    });
    run.abort(error);
  }, silenceS * 1000);
  return {
    get error() {
      return error;
    },
    refresh: () => timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}
