import { configDifferences } from "../domain/config-difference.js";
import { latencies } from "../domain/latency.js";
import { isFields } from "../domain/paths.js";
import { qualityOf } from "../domain/quality.js";
import type { EnergySource } from "../domain/run-metrics.js";
import { runMetrics } from "../domain/run-metrics.js";
import { byGpu, windowRecord } from "../domain/windows.js";
import type { Ports } from "../ports/index.js";
import type { Sample } from "../schema/wire.js";
import type { Provenance } from "../schema/quantity.js";
import { Result } from "../schema/result.js";
import type { FinishedResult, WindowRecord } from "../schema/result.js";
import { LemError } from "./errors.js";
import type { LaunchPlan, LiveLaunch } from "./launch.js";
import type { Observation } from "./measure.js";
import type { Plan, PlannedCase } from "./plan.js";
import type { Preflight } from "./preflight.js";

/** Where a run stands in its campaign. */
export interface RunIdentity {
  readonly runId: string;
  readonly plan: Plan;
  readonly planned: PlannedCase;
  readonly launch: LaunchPlan;
  readonly launchIndex: number;
  readonly cycle: number;
  readonly runIndex: number;
}

/** The result of a run that was measured; checked against the schema, so that a bad number cannot be stored. */
export function finishedResult(
  ports: Ports,
  identity: RunIdentity,
  measured: { live: LiveLaunch; seen: Observation },
): Result {
  const { live, seen } = measured;
  const { config } = identity.planned;
  const engine: Provenance = live.info.simulated ? "simulated" : "measured";
  const meterStatus: Provenance = live.meter?.info.simulated === true ? "simulated" : "measured";
  const windows = windowRecords(live, seen, meterStatus);
  const steadyRecord = windows.find((window) => window.name === "steady");
  if (steadyRecord === undefined) throw new LemError("RUN_FAILED", "the run has no steady window");
  const requests = seen.trace.requests.filter((request) => request.sentNs < seen.trace.idleNs);
  const metrics = runMetrics({
    startNs: seen.trace.startNs,
    endNs: seen.trace.idleNs,
    requests,
    record: steadyRecord,
    provenance: engine,
    energy: energySource(live),
  });
  const simulated = engine === "simulated" || (live.meter !== undefined && meterStatus === "simulated");
  const quality = qualityOf({
    requests,
    askedOutputTokens: config.workload.output_tokens,
    metrics,
    steady: steadyRecord,
    metered: live.meter !== undefined,
    samplePeriodMs: live.meter?.info.period_ms,
    samplesLost: live.meter?.lost() ?? 0,
    simulated,
  });
  const own = config[config.backend];
  const result = {
    ...commonFields(ports, identity),
    status: quality.length === 0 ? "ok" : "flagged",
    drive: ports.backends[config.backend].drive(config),
    simulated,
    config: {
      requested: { ...identity.planned.requested },
      resolved: config,
      effective: live.info.effective,
      differences: configDifferences(isFields(own) ? { dtype: config.dtype, ...own } : {}, live.info.effective),
    },
    gpus: { requested: [...live.needs.gpus], seen_inside: live.info.gpus },
    prompts_sha256: seen.promptsSha256,
    clock: { offset_ns: Number(live.clockOffset.offsetNs), uncertainty_ns: Number(live.clockOffset.uncertaintyNs) },
    windows,
    metrics,
    distributions: latencies(requests, engine),
    quality,
    provenance: provenanceOf(identity, live),
  };
  return Result.parse(result);
}

/** The row of a run that gave no numbers. */
export function failedResult(ports: Ports, identity: RunIdentity, error: LemError): Result {
  return Result.parse({
    ...commonFields(ports, identity),
    status: "failed",
    config: { requested: { ...identity.planned.requested }, resolved: identity.planned.config },
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.logTail === undefined ? {} : { log_tail: error.logTail }),
    },
  });
}

function commonFields(
  ports: Ports,
  identity: RunIdentity,
): Pick<Result, "schema" | "run_id" | "created_at" | "tool" | "campaign" | "case" | "environment" | "files"> {
  const { plan, planned, launch } = identity;
  const gpus = launch.preflight.gpus.get(planned.id) ?? [];
  return {
    schema: "lem/result/1.0",
    run_id: identity.runId,
    created_at: ports.clock.wallTime().toISOString(),
    tool: { name: "lem", version: ports.version },
    campaign: {
      name: plan.name,
      id: launch.campaignId,
      plan_id: plan.id,
      cycle: identity.cycle,
      launch_id: launch.launchId,
      launch_index: identity.launchIndex,
      run_index: identity.runIndex,
    },
    case: { id: planned.id, slug: planned.slug, axes: { ...planned.axes } },
    environment: { ...ports.environment(), gpus: environmentGpus(launch.preflight, gpus) },
    files: [],
  };
}

function environmentGpus(preflight: Preflight, uuids: readonly string[]): Result["environment"]["gpus"] {
  return preflight.hostGpus
    .filter((gpu) => uuids.includes(gpu.uuid))
    .map(({ uuid, name, power_limit_w }) => ({ uuid, name, power_limit_w }));
}

/** The windows of this run; the idle windows of its launch come with it, since its baseline is read from them. */
function windowRecords(live: LiveLaunch, seen: Observation, status: Provenance): WindowRecord[] {
  const samples = byGpu(live.meter?.samples() ?? [], live.meter?.info.gpus.map(({ uuid }) => uuid) ?? []);
  return [...live.idleWindows, ...seen.windows].map((window) => windowRecord(window, samples, status));
}

function energySource(live: LiveLaunch): EnergySource {
  if (live.meter !== undefined) {
    return { status: "metered", provenance: live.meter.info.simulated ? "simulated" : "measured" };
  }
  return {
    status: "absent",
    reason: "no_gpu_requested",
    message: "the case asks for no GPU (gpus: none), and lem reads energy from GPUs only",
  };
}

function provenanceOf(identity: RunIdentity, live: LiveLaunch): FinishedResult["provenance"] {
  const { config } = identity.planned;
  const { preflight } = identity.launch;
  const runtime = preflight.runtimes.get(config.runtime);
  const model = preflight.models.get(config.model.path ?? "");
  return {
    runtime: { name: config.runtime, version: runtime?.version ?? "unknown" },
    ...(live.unit.imageDigest === undefined ? {} : { image: { ref: live.unit.image, digest: live.unit.imageDigest } }),
    ...(live.meter === undefined ? {} : { sidecar: sidecarProvenance(live.meter) }),
    engine: live.info.engine,
    packages: live.info.packages,
    model: {
      id: config.model.id,
      ...(config.model.revision === undefined ? {} : { revision: config.model.revision }),
      ...(model === undefined ? {} : { sha256: model.sha256 }),
    },
  };
}

function sidecarProvenance(
  meter: NonNullable<LiveLaunch["meter"]>,
): NonNullable<FinishedResult["provenance"]["sidecar"]> {
  const { version, driver, period_ms } = meter.info;
  return {
    ...(meter.imageDigest === undefined ? {} : { image_digest: meter.imageDigest }),
    version,
    driver,
    period_ms,
  };
}

const marginNs = 1_000_000_000n;

/** Samples that a run's numbers are made of: those of its windows and of its launch's idle windows, and a second around. */
export function samplesOf(live: LiveLaunch, seen: Observation): readonly Sample[] {
  const windows = [...live.idleWindows, ...seen.windows];
  const belongs = ({ t_before_ns }: Sample): boolean => {
    const tNs = BigInt(t_before_ns);
    return windows.some((window) => tNs >= window.startNs - marginNs && tNs <= window.endNs + marginNs);
  };
  return live.meter?.samples().filter(belongs) ?? [];
}
