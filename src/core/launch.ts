import type { EngineInfo, LaunchNeeds } from "../ports/backend.js";
import type { Ports } from "../ports/index.js";
import type { MeterSession } from "../ports/meter.js";
import type { OnProgress } from "../ports/progress.js";
import type { ClockOffset, LoadTarget } from "../ports/load.js";
import type { Unit } from "../ports/runtime.js";
import type { Sample } from "../schema/wire.js";
import type { NamedWindow } from "../domain/windows.js";
import type { Preflight } from "./preflight.js";
import type { PlannedCase } from "./plan.js";
import { setTimeout as delay } from "node:timers/promises";
import { LemError, messageOf } from "./errors.js";
import { makeToken } from "./hash.js";
import { diedError, waitUntilReady } from "./readiness.js";

/** What a launch is made of; all its cases share everything that needs a restart. */
export interface LaunchPlan {
  readonly launchId: string;
  readonly campaignId: string;
  readonly cases: readonly [PlannedCase, ...PlannedCase[]];
  readonly preflight: Preflight;
}

/** A backend that is up, verified and idle. */
export interface LiveLaunch {
  readonly unit: Unit;
  readonly needs: LaunchNeeds;
  readonly target: LoadTarget;
  readonly info: EngineInfo;
  readonly meter: MeterSession | undefined;
  readonly clockOffset: ClockOffset;
  readonly idleWindows: readonly NamedWindow[];
  /** Aborted with the campaign, and when the launch may not go on. */
  readonly signal: AbortSignal;
}

interface Context {
  readonly ports: Ports;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * One lifetime of a backend: lease, site, sidecar, idle window, backend, readiness, handshake, idle window; then `body`;
 * then everything is taken down again, on every path.
 */
export async function withLaunch(
  context: Context,
  launch: LaunchPlan,
  body: (live: LiveLaunch) => Promise<void>,
): Promise<void> {
  const { ports } = context;
  // A lease that is lost ends the launch as an interruption does, but with its own reason.
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const own = { ...context, signal };
  const [{ config, slug, id }] = launch.cases;
  const gpus = launch.preflight.gpus.get(id) ?? [];
  const needs = launchNeeds(launch, gpus);
  const backend = ports.backends[config.backend];
  const runtime = await ports.runtime(config.runtime);
  await using _lease = await ports.leases.acquire(gpus, {
    holder: `campaign ${launch.campaignId}`,
    signal,
    onLost: (error) => lost.abort(error),
  });
  const outgoing = config.model.path === undefined && config.backend !== "simulated";
  const identity = { campaignId: launch.campaignId, launchId: launch.launchId, outgoing };
  await using site = await runtime.openSite(identity, signal);
  const spec = backend.unit(needs);
  // First the sidecar, whose network the backend shares.
  const metering = openMeter(ports, site, { needs, guestPorts: [spec.port] }, signal);
  // The container is created while the sidecar starts; it does not run before the bare window is over.
  const preparing = site.prepare(spec, signal);
  preparing.catch(() => undefined); // awaited below, unless the meter fails first
  await using metered = await metering;
  const prepared = await preparing;
  const idleWindows: NamedWindow[] = [];
  if (metered !== undefined) idleWindows.push(await idle(own, "idle_bare", launch));
  context.onProgress({ type: "phase", phase: "starting", slug });
  const unit = await prepared.start(signal);
  await waitUntilReady(ports.clock, { backend, unit, needs }, ports.limits, signal);
  const target = backend.target(unit, needs);
  const [info, clockOffset] = await whileAlive(unit, signal, async () => [
    await backend.handshake(unit, needs, signal),
    await ports.loads[backend.drive(config)].clockOffset(target, signal),
  ]);
  refuseOtherGpus(gpus, info);
  if (metered !== undefined) idleWindows.push(await idle(own, "idle_loaded", launch));
  await body({ signal, unit, needs, target, info, meter: metered, clockOffset, idleWindows });
  await unit.stop();
  if (metered !== undefined) await refuseLeftovers(own, metered);
}

/** Work that talks to a unit. When that fails because the unit has ended, its end is the explanation. */
async function whileAlive<T>(unit: Unit, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    const exit = await Promise.race([unit.exited, delay(1_000, undefined)]);
    if (exit !== undefined) throw diedError(unit, exit);
    if (error instanceof LemError) throw error;
    throw new LemError("WORKER_ANSWER", `the backend does not answer: ${messageOf(error)}`, {
      cause: error,
      logTail: unit.logTail(),
    });
  }
}

function launchNeeds(launch: LaunchPlan, gpus: readonly string[]): LaunchNeeds {
  const configs = launch.cases.map((planned) => planned.config);
  const [{ config }] = launch.cases;
  const model = launch.preflight.models.get(config.model.path ?? "");
  return {
    config: model === undefined ? config : { ...config, model: { ...config.model, path: model.path } },
    gpus,
    maxConcurrency: Math.max(...configs.map((each) => each.concurrency)),
    maxTokens: Math.max(...configs.map((each) => each.workload.input_tokens + each.workload.output_tokens)),
    token: makeToken(),
  };
}

type Site = Awaited<ReturnType<Awaited<ReturnType<Ports["runtime"]>>["openSite"]>>;

async function openMeter(
  ports: Ports,
  site: Site,
  { needs, guestPorts }: { readonly needs: LaunchNeeds; readonly guestPorts: readonly number[] },
  signal: AbortSignal,
): Promise<MeterSession | undefined> {
  const simulated = needs.config.gpus === "simulated";
  if (needs.gpus.length === 0 && !simulated) return undefined;
  const meterNeeds = {
    source: simulated ? ("simulated" as const) : ("nvml" as const),
    gpus: needs.gpus,
    gpuDriver: needs.config.container.gpu_driver,
    runtime: needs.config.runtime,
    token: needs.token,
  };
  const prepared = await site.prepare({ ...ports.meter.unit(meterNeeds), guestPorts }, signal);
  return ports.meter.attach(await prepared.start(signal), meterNeeds, signal);
}

async function idle(context: Context, name: "idle_bare" | "idle_loaded", launch: LaunchPlan): Promise<NamedWindow> {
  const { clock } = context.ports;
  const [{ config, slug }] = launch.cases;
  context.onProgress({ type: "phase", phase: "idle", slug });
  const startNs = clock.monotonicNs();
  await clock.sleep(config.window.idle_s * 1000, context.signal);
  return { name, startNs, endNs: clock.monotonicNs() };
}

const list = (uuids: readonly string[]): string => (uuids.length === 0 ? "none" : uuids.join(", "));

function refuseOtherGpus(asked: readonly string[], info: EngineInfo): void {
  const seen = info.gpus.map((gpu) => gpu.uuid);
  const same = seen.length === asked.length && asked.every((uuid) => seen.includes(uuid));
  if (same) return;
  throw new LemError(
    "GPU_MISMATCH",
    `the backend sees other GPUs than it was given: asked for ${list(asked)}, sees ${list(seen)}`,
    {
      hint: "Podman ignores the nvidia driver silently: set container.gpu_driver to cdi",
    },
  );
}

/** GPU memory above this much more than before the backend started counts as a leftover. */
const leftoverBytes = 64 * 2 ** 20;

/** Waits until the GPUs have given the backend's memory back; rejects with LEFTOVERS when they do not. */
async function refuseLeftovers(context: Context, meter: MeterSession): Promise<void> {
  for (const { uuid } of meter.info.gpus) {
    for (let attempt = 0; ; attempt++) {
      const reads = (sample: Sample): boolean => sample.gpu_uuid === uuid && sample.memory_used_bytes !== null;
      const before = meter.samples().find(reads)?.memory_used_bytes ?? 0;
      const now = meter.samples().findLast(reads)?.memory_used_bytes ?? 0;
      if (now - before <= leftoverBytes) break;
      if (attempt === 300) {
        throw new LemError(
          "LEFTOVERS",
          `${uuid} still holds ${String(Math.round((now - before) / 2 ** 20))} MiB after the backend has ended`,
          {
            hint: "a process survived on this GPU (nvidia-smi shows it); end it before the next launch",
          },
        );
      }
      await context.ports.clock.sleep(100, context.signal);
    }
  }
}
