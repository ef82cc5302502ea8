import { Worker } from "node:worker_threads";
import { readListenSettings, type ListenSettings } from "../workers/server/environment.js";
import { exitCodes, exitWith } from "../workers/server/exit-codes.js";
import { readOptions, type SidecarOptions } from "./options.js";
import { RingReader } from "./ring.js";
import type { SamplerMessage } from "./sampler.js";
import type { SidecarParts } from "./server.js";

/** `main.js`: samples and serves. `main.js --probe`: prints the SidecarInfo of this host once. */
async function main(): Promise<void> {
  const parsed = readOptions(process.env);
  if (parsed.status === "invalid") return exitWith(exitCodes.badEnvironment, parsed.message);
  if (process.argv.includes("--probe")) return probe(parsed.options);
  const environment = readListenSettings(process.env);
  if (environment.status === "invalid") return exitWith(exitCodes.badEnvironment, environment.message);
  return sampleAndServe(parsed.options, environment.settings);
}

async function probe(options: SidecarOptions): Promise<void> {
  const { openDevices } = await import("./devices.js");
  const devices = openDevices(options, process.env);
  if (devices.status === "failed") return exitWith(devices.code, devices.message);
  process.stdout.write(`${JSON.stringify(devices.info)}\n`);
}

const stop = (): never => process.exit(0);

/** Listens at once, speaks and answers after the first tick: whoever hears from the sidecar hears from one that measures. */
async function sampleAndServe(options: SidecarOptions, settings: ListenSettings): Promise<void> {
  // First of all, so that the thread starts and opens NVML while this one gets its modules.
  const sampling = startSampler(options);
  const [{ createSidecarServer }, { listen }, { endOnRequest }] = await Promise.all([
    import("./server.js"),
    import("../workers/server/listen.js"),
    import("../workers/server/shutdown.js"),
  ]);
  endOnRequest(async () => stop(), 0);
  const parts = sampling.then((sampled) => ({ ...sampled, stop }));
  await listen(createSidecarServer(settings.token, parts), settings, parts);
}

/** Starts the sampling thread; resolves after its first tick, ends the program when there is nothing to sample. */
async function startSampler(options: SidecarOptions): Promise<Pick<SidecarParts, "info" | "ring">> {
  const sampler = new Worker(new URL("./sampler.js", import.meta.url), { workerData: options });
  return new Promise((resolve) => {
    sampler.on("error", (error) => exitWith(exitCodes.loadFailed, `the sampler failed: ${String(error)}`));
    sampler.on("message", (message: SamplerMessage) => {
      if (message.status === "failed") exitWith(message.code, message.message);
      else resolve({ info: message.info, ring: new RingReader(message.ring) });
    });
  });
}

await main();
