import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { llamacppBackend } from "./adapters/backend/llamacpp/backend.js";
import { pytorchBackend } from "./adapters/backend/pytorch/backend.js";
import { simulatedBackend } from "./adapters/backend/simulated/backend.js";
import { systemClock } from "./adapters/clock/system/clock.js";
import { yamlDocuments } from "./adapters/documents/yaml/documents.js";
import { hostEnvironment } from "./adapters/environment/host/environment.js";
import { fileLeases } from "./adapters/leases/files/leases.js";
import { openaiLoad } from "./adapters/load/openai/load.js";
import { wireLoad } from "./adapters/load/wire/load.js";
import { sidecarMeter } from "./adapters/meter/sidecar/meter.js";
import { localModels } from "./adapters/models/files/models.js";
import { fileStore } from "./adapters/store/files/store.js";
import type { Ports } from "./ports/index.js";
import type { Runtime } from "./ports/runtime.js";

export interface WiringOptions {
  /** Folder of the results; default `$LEM_RESULTS`, else ./lem-results. */
  readonly output?: string | undefined;
}

/** The real world behind the ports. The only place that names adapters. */
export function wire(options: WiringOptions = {}): Ports {
  const runtimes = new Map<string, Promise<Runtime>>();
  return {
    clock: systemClock,
    documents: yamlDocuments,
    models: localModels,
    store: fileStore(resolve(options.output ?? process.env["LEM_RESULTS"] ?? "lem-results")),
    leases: fileLeases(process.env["LEM_LEASES"] ?? join(tmpdir(), "lem-leases")),
    meter: sidecarMeter,
    backends: { llamacpp: llamacppBackend, pytorch: pytorchBackend, simulated: simulatedBackend },
    loads: { "engine-api": wireLoad, "openai-http": openaiLoad },
    runtime: async (name) => {
      const known = runtimes.get(name) ?? makeRuntime(name);
      runtimes.set(name, known);
      return known;
    },
    environment: hostEnvironment,
    limits: { silenceS: seconds("LEM_SILENCE_S", 300), totalS: seconds("LEM_READY_S", 1800) },
    version: ownVersion(),
  };
}

/** dockerode takes a third of a second to load: only whoever needs a container pays for it. */
async function makeRuntime(name: "docker" | "process"): Promise<Runtime> {
  if (name === "docker") return (await import("./adapters/runtime/docker/runtime.js")).dockerRuntime();
  return (await import("./adapters/runtime/process/runtime.js")).processRuntime();
}

function seconds(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const found =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : undefined;
  return typeof found === "string" ? found : "unknown";
}
