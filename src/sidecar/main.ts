import { Worker } from "node:worker_threads";
import { readListenSettings, type ListenSettings } from "../workers/server/environment.js";
import { exitCodes, exitWith } from "../workers/server/exit-codes.js";
import { listen } from "../workers/server/listen.js";
import { endOnRequest } from "../workers/server/shutdown.js";
import type { OpenDevices } from "./devices.js";
import { readOptions, type SidecarOptions } from "./options.js";
import { allocateRing, RingReader, RingWriter } from "./ring.js";
import type { SamplerMessage } from "./sampler.js";
import { createSidecarServer } from "./server.js";
import { Ticks } from "./ticks.js";

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

/** How far back the ring reaches, as long as that takes no more than 100 MB: 8 GPUs every 10 ms take 25 MB. */
const ringSeconds = 660;
const ringSamplesMax = 2 ** 21;

/** Listens only after the first tick: whoever reaches the sidecar reaches one that measures. */
async function sampleAndServe(options: SidecarOptions, settings: ListenSettings): Promise<void> {
  const { info, readers } = await openOrExit(options);
  const ring = allocateRing(
    Math.min(readers.length * Math.ceil((ringSeconds * 1000) / options.periodMs), ringSamplesMax),
  );
  const ticks = new Ticks(readers, new RingWriter(ring));
  ticks.take();
  const timer = setInterval(() => ticks.take(), options.periodMs);
  endOnRequest(async () => stop(), 0);
  await listen(createSidecarServer(settings.token, { info, ring: new RingReader(ring), stop }), settings);
  startSampler(options, (sampler) => {
    clearInterval(timer);
    sampler.postMessage(ring, []);
  });
}

async function openOrExit(options: SidecarOptions): Promise<OpenDevices> {
  const { openDevices } = await import("./devices.js");
  const devices = openDevices(options, process.env);
  if (devices.status === "failed") return exitWith(devices.code, devices.message);
  if (devices.readers.length > 0) return devices;
  return exitWith(exitCodes.gpuNotVisible, "GPU not visible: NVML shows none");
}

/**
 * A thread of its own, which nothing delays, is to take the samples. To start one takes nearly as long as all the rest of
 * the sidecar's start, so this one samples by a timer until the other says that it can take over.
 */
function startSampler(options: SidecarOptions, onReady: (sampler: Worker) => void): void {
  const sampler = new Worker(new URL("./sampler.js", import.meta.url), { workerData: options });
  sampler.on("error", (error) => exitWith(exitCodes.loadFailed, `the sampler failed: ${String(error)}`));
  sampler.on("message", (message: SamplerMessage) => {
    if (message.status === "failed") exitWith(message.code, message.message);
    onReady(sampler);
  });
}

await main();
