import type { OrderedLaunch } from "../domain/order.js";
import type { Ports } from "../ports/index.js";
import type { OnProgress } from "../ports/progress.js";
import type { CampaignStore } from "../ports/store.js";
import type { Result } from "../schema/result.js";
import type { RunIdentity } from "./assemble-result.js";
import { failedResult, finishedResult, samplesOf } from "./assemble-result.js";
import { LemError } from "./errors.js";
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

/**
 * One launch with all its runs, each stored as soon as it is measured. Runs that a failed launch could not give are
 * stored as failed; rejects when aborted, and for what is no run's failure (leftovers on a GPU, bugs).
 */
export async function runLaunch(running: Running, ordered: OrderedLaunch): Promise<void> {
  const { ports, signal } = running;
  const launchId = makeUlid(ports.clock.wallTime());
  const cases = casesOf(running.plan, ordered);
  const launch: LaunchPlan = { launchId, campaignId: running.campaignId, cases, preflight: running.checked };
  const gpus = running.checked.gpus.get(cases[0].id) ?? [];
  running.onProgress({ type: "launch_start", cycle: ordered.cycle, slugs: cases.map((planned) => planned.slug), gpus });
  const at = (): string => ports.clock.wallTime().toISOString();
  await running.store.journal({
    type: "launch_start",
    at: at(),
    launch_id: launchId,
    index: ordered.index,
    cycle: ordered.cycle,
  });
  const pending = cases.map((planned, runIndex) => ({
    plan: running.plan,
    planned,
    launch,
    launchIndex: ordered.index,
    cycle: ordered.cycle,
    runIndex,
  }));
  // A run gets its id when its turn comes, so that ids sort by time.
  let current: RunIdentity | undefined;
  const identify = (next: Omit<RunIdentity, "runId">): RunIdentity =>
    current?.runIndex === next.runIndex ? current : { ...next, runId: makeUlid(ports.clock.wallTime()) };
  try {
    await withLaunch(running, launch, async (live) => {
      for (let next = pending[0]; next !== undefined; next = pending[0]) {
        current = identify(next);
        await runOnce(running, live, current);
        pending.shift();
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LemError) || pending.length === 0) throw error;
    for (const next of pending) {
      const identity = identify(next);
      await commit(running, identity, failedResult(ports, identity, error));
    }
  }
  await running.store.journal({ type: "launch_end", at: at(), launch_id: launchId });
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
    const seen = await measureRun(running, live, { planned, runId: identity.runId });
    const result = finishedResult(ports, identity, { live, seen });
    await commit(running, identity, result, { live, seen });
  } catch (error) {
    running.signal.throwIfAborted();
    if (!(error instanceof LemError) || error.code !== "RUN_FAILED") throw error;
    await commit(running, identity, failedResult(ports, identity, error), { live });
  }
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
    events: seen?.events ?? [],
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
