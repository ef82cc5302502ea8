import { dirname } from "node:path";
import type { Ports } from "../ports/index.js";
import type { RuntimeDescription } from "../ports/runtime.js";
import type { SidecarInfo } from "../schema/wire.js";
import { LemError, combine } from "./errors.js";
import { listGpus } from "./gpus.js";
import type { Plan, PlannedCase } from "./plan.js";

type RuntimeName = PlannedCase["config"]["runtime"];
type HostGpu = SidecarInfo["gpus"][number];

/** What the host offers to a plan, found before anything is started. */
export interface Preflight {
  readonly runtimes: ReadonlyMap<RuntimeName, RuntimeDescription>;
  /** Digest by image reference. */
  readonly images: ReadonlyMap<string, string>;
  /** UUIDs that each case will get, by case id. */
  readonly gpus: ReadonlyMap<string, readonly string[]>;
  readonly hostGpus: readonly HostGpu[];
  /** Absolute path and content hash of each model that is a local file, by the path in the campaign. */
  readonly models: ReadonlyMap<string, { readonly path: string; readonly sha256: string }>;
}

/** Checks everything that a plan needs and rejects with all problems at once; starts nothing but a look at the GPUs. */
export async function preflight(ports: Ports, plan: Plan, signal: AbortSignal): Promise<Preflight> {
  const problems: LemError[] = [];
  const collect = async <T>(work: Promise<T>, otherwise: T): Promise<T> =>
    work.catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof LemError)) throw error;
      problems.push(error);
      return otherwise;
    });
  await collect(ports.store.checkWritable(), undefined);
  const models = await checkModels(ports, plan, problems);
  const runtimes = new Map<RuntimeName, RuntimeDescription>();
  for (const name of new Set(plan.cases.map((planned) => planned.config.runtime))) {
    const described = await collect(describe(ports, name, signal), undefined);
    if (described !== undefined) runtimes.set(name, described);
  }
  const images = await checkImages(ports, plan, { reachable: runtimes, problems, signal });
  const { hostGpus, gpus } = await checkGpus(ports, plan, { reachable: runtimes, images, problems, signal });
  if (problems.length > 0) throw combine(problems, "PREFLIGHT_FAILED", "things are missing on this host");
  return { runtimes, images, gpus, hostGpus, models };
}

interface Findings {
  readonly reachable: ReadonlyMap<RuntimeName, RuntimeDescription>;
  readonly problems: LemError[];
  readonly signal: AbortSignal;
}

async function describe(ports: Ports, name: RuntimeName, signal: AbortSignal): Promise<RuntimeDescription | undefined> {
  const runtime = await ports.runtime(name);
  return runtime.describe(signal);
}

async function checkModels(ports: Ports, plan: Plan, problems: LemError[]): Promise<Preflight["models"]> {
  const models = new Map<string, { path: string; sha256: string }>();
  for (const planned of plan.cases) {
    const { path } = planned.config.model;
    if (path === undefined || models.has(path)) continue;
    const found = await ports.models.resolve(path, dirname(plan.file));
    if (found === undefined) {
      problems.push(
        new LemError("MODEL_NOT_FOUND", `there is no model at ${path}`, {
          place: planned.place("model.path"),
          hint: "paths are relative to the campaign file; `npm run models` writes lem's own tiny models into models/",
        }),
      );
      models.set(path, { path: "", sha256: "" });
      continue;
    }
    models.set(path, { path: found, sha256: (await ports.models.fingerprint(found)).sha256 });
  }
  return models;
}

async function checkImages(ports: Ports, plan: Plan, findings: Findings): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  if (!findings.reachable.has("docker")) return digests;
  const runtime = await ports.runtime("docker");
  const wanted = new Map<string, PlannedCase>();
  for (const planned of plan.cases) {
    if (planned.config.runtime !== "docker") continue;
    for (const image of imagesOf(ports, planned)) if (!wanted.has(image)) wanted.set(image, planned);
  }
  for (const [image, planned] of wanted) {
    const digest = await runtime.imageDigest(image, findings.signal);
    if (digest !== undefined) digests.set(image, digest);
    else findings.problems.push(missingImage(image, planned));
  }
  return digests;
}

function missingImage(image: string, planned: PlannedCase): LemError {
  return new LemError("IMAGE_MISSING", `the image ${image} is not on this engine`, {
    place: planned.place(planned.config.image === image ? "image" : "backend"),
    hint: image.startsWith("lem/")
      ? `build it: npm run images -- ${image.split(/[/:]/)[1] ?? ""}`
      : `docker pull ${image}`,
  });
}

/** Images that a case's launch starts: the backend's and, with GPUs, the sidecar's. */
function imagesOf(ports: Ports, planned: PlannedCase): string[] {
  const { config } = planned;
  const needs = { config, gpus: [], maxConcurrency: 1, maxTokens: 1, token: "" };
  const images = [ports.backends[config.backend].unit(needs).image];
  if (config.gpus !== "none") images.push(sidecarImage(ports, config));
  return images;
}

function sidecarImage(ports: Ports, config: PlannedCase["config"]): string {
  return ports.meter.unit({
    source: "nvml",
    gpus: "all",
    gpuDriver: config.container.gpu_driver,
    runtime: config.runtime,
    token: "",
  }).image;
}

async function checkGpus(
  ports: Ports,
  plan: Plan,
  findings: Findings & { readonly images: ReadonlyMap<string, string> },
): Promise<Pick<Preflight, "hostGpus" | "gpus">> {
  const gpus = new Map<string, readonly string[]>(plan.cases.map((planned) => [planned.id, []]));
  const asking = plan.cases.filter(({ config }) => config.gpus !== "none" && config.gpus !== "simulated");
  const [first] = asking;
  if (first === undefined) return { hostGpus: [], gpus };
  const { runtime, container } = first.config;
  const ready =
    runtime === "process" ||
    (findings.reachable.has("docker") && findings.images.has(sidecarImage(ports, first.config)));
  if (!ready) return { hostGpus: [], gpus };
  const listed = await listGpus(ports, { runtime, gpuDriver: container.gpu_driver }, findings.signal).catch(
    (error: unknown) => {
      findings.signal.throwIfAborted();
      if (!(error instanceof LemError)) throw error;
      return error;
    },
  );
  if (listed instanceof LemError) {
    findings.problems.push(
      new LemError("GPU_NOT_AVAILABLE", `no GPU can be used: ${listed.message}`, {
        place: first.place("gpus"),
        hint: listed.hint ?? "check the NVIDIA driver and container toolkit, or run without: --set gpus=none",
        cause: listed,
      }),
    );
    return { hostGpus: [], gpus };
  }
  for (const planned of asking) {
    const assigned = assign(planned, listed);
    if (assigned instanceof LemError) findings.problems.push(assigned);
    else gpus.set(planned.id, assigned);
  }
  return { hostGpus: listed, gpus };
}

/** UUIDs for a case: the ones it names, or the first ones of the host. */
function assign(planned: PlannedCase, hostGpus: readonly HostGpu[]): readonly string[] | LemError {
  const wanted = planned.config.gpus;
  if (wanted === "none" || wanted === "simulated") return [];
  const present = hostGpus.map((gpu) => gpu.uuid);
  const entries = typeof wanted === "number" ? Array.from({ length: wanted }, (_, index) => index) : wanted;
  const uuids = entries.map((entry) =>
    typeof entry === "number" ? present[entry] : present.find((uuid) => uuid === entry),
  );
  const missing = entries.filter((_, index) => uuids[index] === undefined);
  if (missing.length === 0) return uuids.filter((uuid) => uuid !== undefined);
  return new LemError("GPU_NOT_FOUND", `this host has no GPU ${missing.join(", ")}`, {
    place: planned.place("gpus"),
    hint: present.length === 0 ? "it has none at all; run without: --set gpus=none" : `it has ${present.join(", ")}`,
  });
}
