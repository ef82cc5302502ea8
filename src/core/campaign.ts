import PQueue from "p-queue";
import type { Ports } from "../ports/index.js";
import type { OnProgress } from "../ports/progress.js";
import { isInvalid } from "../domain/summary.js";
import type { Result } from "../schema/result.js";
import { errorCodes, exitCodes, isErrorCode } from "./errors.js";
import { makeUlid } from "./hash.js";
import { lockOf } from "./lock.js";
import type { Plan } from "./plan.js";
import type { Preflight } from "./preflight.js";
import { preflight } from "./preflight.js";
import type { Running } from "./run-launch.js";
import { runLaunch } from "./run-launch.js";

export interface CampaignOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface CampaignOutcome {
  readonly directory: string;
  readonly campaignId: string;
  readonly results: readonly Result[];
  /** 0; 5 with invalid measurements; 7 with failed runs, or the reason's own code when all failed for one kind of reason. */
  readonly exitCode: number;
}

/**
 * Runs a plan: preflight, lock, then launch after launch, each run stored as soon as it is measured. A failed run is a
 * row, not an end. Rejects with INTERRUPTED when aborted; everything that was stored stays, nothing is left running.
 */
export async function runCampaign(ports: Ports, plan: Plan, options: CampaignOptions): Promise<CampaignOutcome> {
  const { signal, onProgress } = options;
  const checked = await prepare(ports, plan, options).catch((error: unknown) => {
    // Whatever an abort made fail: it was the abort.
    signal.throwIfAborted();
    throw error;
  });
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
    const outcome = signal.aborted ? "interrupted" : "failed";
    // The reason must not be lost to a journal that cannot be written either.
    await store.journal({ type: "campaign_end", at: at(), outcome }).catch(() => undefined);
    throw error;
  }
  await store.journal({ type: "campaign_end", at: at(), outcome: "finished" });
  return { directory: store.directory, campaignId, results: running.results, exitCode: exitCodeOf(running.results) };
}

async function prepare(ports: Ports, plan: Plan, { signal, onProgress }: CampaignOptions): Promise<Preflight> {
  onProgress({ type: "preflight" });
  const checked = await preflight(ports, plan, signal);
  for (const name of new Set(plan.cases.map((planned) => planned.config.runtime))) {
    const swept = await (await ports.runtime(name)).sweep(signal);
    if (swept.length > 0) onProgress({ type: "swept", names: swept });
  }
  return checked;
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

function exitCodeOf(results: readonly Result[]): number {
  const failed = results.filter((result) => result.status === "failed");
  if (failed.length === 0) {
    return results.some((result) => result.status !== "failed" && isInvalid(result))
      ? exitCodes.invalid_measurement
      : exitCodes.ok;
  }
  const kinds = new Set(failed.map((result) => exitCodeOfFailure(result.error.code)));
  const [kind] = kinds;
  return failed.length === results.length && kinds.size === 1 && kind !== undefined ? kind : exitCodes.failed_runs;
}

function exitCodeOfFailure(code: string): number {
  return isErrorCode(code) ? errorCodes[code] : exitCodes.failed_runs;
}
