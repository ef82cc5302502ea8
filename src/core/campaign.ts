import PQueue from "p-queue";
import type { Ports } from "../ports/index.js";
import type { OnProgress } from "../ports/progress.js";
import type { CampaignStore } from "../ports/store.js";
import type { OrderedLaunch } from "../domain/order.js";
import type { Result } from "../schema/result.js";
import { failedResult, finishedResult, samplesOf } from "./assemble-result.js";
import type { RunIdentity } from "./assemble-result.js";
import { LemError, errorCodes, exitCodes, isErrorCode } from "./errors.js";
import { makeUlid } from "./hash.js";
import type { LaunchPlan, LiveLaunch } from "./launch.js";
import { withLaunch } from "./launch.js";
import { lockOf } from "./lock.js";
import { measureRun } from "./measure.js";
import type { Plan, PlannedCase } from "./plan.js";
import type { Preflight } from "./preflight.js";
import { preflight } from "./preflight.js";

export interface CampaignOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface CampaignOutcome {
  readonly directory: string;
  readonly campaignId: string;
  readonly results: readonly Result[];
  /** 0; 7 with failed runs; the reason's own code when every run failed for the same kind of reason. */
  readonly exitCode: number;
}

interface Running extends CampaignOptions {
  readonly ports: Ports;
  readonly plan: Plan;
  readonly campaignId: string;
  readonly checked: Preflight;
  readonly store: CampaignStore;
  readonly results: Result[];
}

/**
 * Runs a plan: preflight, lock, then launch after launch, each run stored as soon as it is measured. A failed run is a
 * row, not an end. Rejects with INTERRUPTED when aborted; everything that was stored stays, nothing is left running.
 */
export async function runCampaign(ports: Ports, plan: Plan, options: CampaignOptions): Promise<CampaignOutcome> {
  const { signal, onProgress } = options;
  onProgress({ type: "preflight" });
  const names = new Set(plan.cases.map((planned) => planned.config.runtime));
  const checked = await preflight(ports, plan, signal);
  for (const name of names) {
    const swept = await (await ports.runtime(name)).sweep(signal);
    if (swept.length > 0) onProgress({ type: "swept", names: swept });
  }
  const campaignId = makeUlid(ports.clock.wallTime());
  const store = await ports.store.createCampaign(lockOf(ports, plan, { campaignId, images: checked.images }));
  const running: Running = { ...options, ports, plan, campaignId, checked, store, results: [] };
  const runs = plan.launches.reduce((sum, launch) => sum + launch.cases.length, 0);
  onProgress({ type: "campaign_start", directory: store.directory, runs, launches: plan.launches.length });
  const at = (): string => ports.clock.wallTime().toISOString();
  await store.journal({ type: "campaign_start", at: at(), pid: process.pid, runs });
  try {
    await runLaunches(running);
  } catch (error) {
    await store.journal({ type: "campaign_end", at: at(), outcome: "interrupted" });
    throw error;
  }
  await store.journal({ type: "campaign_end", at: at(), outcome: "finished" });
  return { directory: store.directory, campaignId, results: running.results, exitCode: exitCodeOf(running.results) };
}

async function runLaunches(running: Running): Promise<void> {
  // One launch at a time: a neighbour on the same host would disturb power, memory bandwidth and the load client.
  const queue = new PQueue({ concurrency: 1 });
  const failures: unknown[] = [];
  for (const launch of running.plan.launches) {
    void queue.add(async () => {
      await runLaunch(running, launch).catch((error: unknown) => {
        failures.push(error);
        queue.clear();
      });
    });
  }
  await queue.onIdle();
  if (failures.length > 0) throw failures[0];
}

async function runLaunch(running: Running, ordered: OrderedLaunch): Promise<void> {
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
  const pending = cases.map((planned, runIndex): RunIdentity => ({
    runId: makeUlid(ports.clock.wallTime()),
    plan: running.plan,
    planned,
    launch,
    launchIndex: ordered.index,
    cycle: ordered.cycle,
    runIndex,
  }));
  try {
    await withLaunch(running, launch, async (live) => {
      for (let next = pending[0]; next !== undefined; next = pending[0]) {
        await runOnce(running, live, next);
        pending.shift();
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LemError) || pending.length === 0) throw error;
    for (const identity of pending) await commit(running, identity, failedResult(ports, identity, error));
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
  const { ports, planned } = { ports: running.ports, planned: identity.planned };
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

function exitCodeOf(results: readonly Result[]): number {
  const failed = results.filter((result) => result.status === "failed");
  if (failed.length === 0) return exitCodes.ok;
  const kinds = new Set(failed.map((result) => exitCodeOfFailure(result.error.code)));
  const [kind] = kinds;
  return failed.length === results.length && kinds.size === 1 && kind !== undefined ? kind : exitCodes.failed_runs;
}

function exitCodeOfFailure(code: string): number {
  return isErrorCode(code) ? errorCodes[code] : exitCodes.failed_runs;
}
