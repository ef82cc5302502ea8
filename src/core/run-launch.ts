import type { OrderedLaunch } from "../domain/order.js";
import type { Ports } from "../ports/index.js";
import type { OnProgress } from "../ports/progress.js";
import type { CampaignStore } from "../ports/store.js";
import type { Result } from "../schema/result.js";
import type { RunIdentity } from "./assemble-result.js";
import { failedResult, finishedResult, samplesOf } from "./assemble-result.js";
import { LemError, messageOf } from "./errors.js";
import { makeUlid } from "./hash.js";
import type { LaunchPlan, LiveLaunch } from "./launch.js";
import { withLaunch } from "./launch.js";
import { measureRun } from "./measure.js";
import type { Plan, PlannedCase } from "./plan.js";
import type { Preflight } from "./preflight.js";

/** A campaign under way. */
export interface Running {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly ports: Ports;
  readonly plan: Plan;
  readonly campaignId: string;
  readonly checked: Preflight;
  readonly store: CampaignStore;
  readonly results: Result[];
}

type Pending = Omit<RunIdentity, "runId" | "launch">;

/**
 * One launch with all its runs, each stored as soon as it is measured. A run that takes its backend with it is stored as
 * failed, and the runs after it get a new launch; when a backend does not even come up, all its runs are stored as
 * failed. Rejects when aborted, and for what is no run's failure (leftovers, a full disk, bugs).
 */
export async function runLaunch(running: Running, ordered: OrderedLaunch): Promise<void> {
  const cases = casesOf(running.plan, ordered);
  const { plan } = running;
  let pending: Pending[] = cases.map((planned, runIndex) => ({
    plan,
    planned,
    launchIndex: ordered.index,
    cycle: ordered.cycle,
    runIndex,
  }));
  while (pending.length > 0) pending = await launchOnce(running, cases, pending);
}

/** One lifetime of a backend for the runs that are still to do; gives those that it could not do. */
async function launchOnce(running: Running, cases: LaunchPlan["cases"], todo: readonly Pending[]): Promise<Pending[]> {
  const { ports, signal, store } = running;
  const at = (): string => ports.clock.wallTime().toISOString();
  const launchId = makeUlid(ports.clock.wallTime());
  const launch: LaunchPlan = { launchId, campaignId: running.campaignId, cases, preflight: running.checked };
  await announce(running, launch, todo);
  const pending = [...todo];
  // A run gets its id when its turn comes, so that ids sort by time.
  let current: RunIdentity | undefined;
  try {
    await withLaunch(running, launch, async (live) => {
      for (let next = pending[0]; next !== undefined; next = pending[0]) {
        current = { ...next, launch, runId: makeUlid(ports.clock.wallTime()) };
        await runOnce(running, live, current);
        current = undefined;
        pending.shift();
      }
    });
  } catch (thrown) {
    const { error, teardown } = apart(thrown);
    if (teardown !== undefined) running.onProgress({ type: "teardown_failed", message: teardown.message });
    signal.throwIfAborted();
    if (!(error instanceof LemError) || error.code === "OUTPUT_NOT_WRITABLE" || pending.length === 0) throw error;
    // A run that was under way took the backend with it; without one, none of them could have been run.
    const lost = current === undefined ? pending.splice(0) : pending.splice(0, 1);
    for (const next of lost) {
      const identity = current ?? { ...next, launch, runId: makeUlid(ports.clock.wallTime()) };
      await commit(running, identity, failedResult(ports, identity, error));
    }
    if (teardown !== undefined) throw teardown;
  }
  await store.journal({ type: "launch_end", at: at(), launch_id: launchId });
  return pending;
}

async function announce(running: Running, launch: LaunchPlan, todo: readonly Pending[]): Promise<void> {
  const [first] = todo;
  if (first === undefined) return;
  const { cycle, launchIndex: index } = first;
  const gpus = running.checked.gpus.get(first.planned.id) ?? [];
  running.onProgress({ type: "launch_start", cycle, slugs: todo.map(({ planned }) => planned.slug), gpus });
  const at = running.ports.clock.wallTime().toISOString();
  await running.store.journal({ type: "launch_start", at, launch_id: launch.launchId, index, cycle });
}

/** What went wrong first, and what went wrong while it was cleaned up; `await using` wraps the one into the other. */
function apart(thrown: unknown): { readonly error: unknown; readonly teardown: Error | undefined } {
  if (!(thrown instanceof Error && "suppressed" in thrown && "error" in thrown)) {
    return { error: thrown, teardown: undefined };
  }
  const teardown = thrown.error instanceof Error ? thrown.error : new Error(messageOf(thrown.error));
  return { error: apart(thrown.suppressed).error, teardown };
}

function casesOf(plan: Plan, ordered: OrderedLaunch): LaunchPlan["cases"] {
  const cases = ordered.cases
    .map((id) => plan.cases.find((planned) => planned.id === id))
    .filter((planned) => planned !== undefined);
  const [first, ...rest] = cases;
  if (first === undefined) throw new Error(`launch ${String(ordered.index)} has no cases`);
  return [first, ...rest] satisfies [PlannedCase, ...PlannedCase[]];
}

/** A run that fails while its backend lives on is stored, and the launch goes on; a dead backend ends the launch. */
async function runOnce(running: Running, live: LiveLaunch, identity: RunIdentity): Promise<void> {
  const { ports } = running;
  const { planned } = identity;
  await running.store.journal({
    type: "run_start",
    at: ports.clock.wallTime().toISOString(),
    run_id: identity.runId,
    case_id: planned.id,
    launch_id: identity.launch.launchId,
  });
  try {
    const seen = await measureRun({ ...running, signal: live.signal }, live, { planned, runId: identity.runId });
    const result = finishedResult(ports, identity, { live, seen });
    await commit(running, identity, result, { live, seen });
  } catch (error) {
    live.signal.throwIfAborted();
    if (!(error instanceof LemError) || !aboutTheRun.includes(error.code) || (await hasEnded(running, live))) {
      throw error;
    }
    await commit(running, identity, failedResult(ports, identity, error), { live });
  }
}

/** Failures that a backend can survive. */
const aboutTheRun: readonly string[] = ["RUN_FAILED", "WORKER_OUT_OF_MEMORY", "WORKER_ANSWER"];

async function hasEnded({ ports }: Running, live: LiveLaunch): Promise<boolean> {
  const ended = live.unit.exited.then(() => true);
  return Promise.race([ended, ports.clock.sleep(100, live.signal).then(() => false)]);
}

async function commit(
  running: Running,
  identity: RunIdentity,
  result: Result,
  source?: { readonly live: LiveLaunch; readonly seen?: Awaited<ReturnType<typeof measureRun>> },
): Promise<void> {
  const { live, seen } = source ?? {};
  const path = await running.store.commit(result, {
    requests: seen?.trace.requests ?? [],
    samples: live !== undefined && seen !== undefined ? samplesOf(live, seen) : [],
    log: live?.unit.logTail() ?? (result.status === "failed" ? (result.error.log_tail ?? "") : ""),
  });
  running.results.push(result);
  await running.store.journal({
    type: "run_end",
    at: running.ports.clock.wallTime().toISOString(),
    run_id: identity.runId,
    case_id: identity.planned.id,
    status: result.status,
    path,
  });
  const runs = running.plan.launches.reduce((sum, launch) => sum + launch.cases.length, 0);
  running.onProgress({ type: "run_end", result, done: running.results.length, runs });
}
