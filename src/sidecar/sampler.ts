import { performance } from "node:perf_hooks";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import type { SidecarInfo } from "../schema/wire.js";
import { exitCodes } from "../workers/server/exit-codes.js";
import { openDevices, type DeviceFailure } from "./devices.js";
import type { Reader } from "./gpu-reader.js";
import type { SidecarOptions } from "./options.js";
import { allocateRing, RingWriter, type Reading } from "./ring.js";
import { tickAfter } from "./schedule.js";

/** The only message of the sampling thread: that it failed, or what it samples, after the first tick. */
export type SamplerMessage =
  DeviceFailure | { readonly status: "sampling"; readonly info: SidecarInfo; readonly ring: SharedArrayBuffer };

/** How far back the ring reaches, as long as that takes no more than 100 MB: 8 GPUs every 10 ms take 25 MB. */
const ringSeconds = 660;
const ringSamplesMax = 2 ** 21;
const slowPeriodMs = 1000;

/** Samples for ever. Blocks its thread, which therefore does nothing else; the server has another one. */
function sample(readers: readonly Reader[], ring: RingWriter, periodMs: number, onFirst: () => void): void {
  const alarm = new Int32Array(new SharedArrayBuffer(4));
  const reading = emptyReading();
  const startMs = performance.now();
  // Spread over the second: no tick may have to wait for the slow calls of all GPUs.
  const slowDueMs = readers.map((_, index) => startMs + (index * slowPeriodMs) / readers.length);
  for (let tick = 0; ; tick = tickAfter(tick, performance.now() - startMs, periodMs)) {
    const waitMs = startMs + tick * periodMs - performance.now();
    if (waitMs > 0) Atomics.wait(alarm, 0, 0, waitMs);
    for (const [index, reader] of readers.entries()) {
      reader.readFast(reading);
      reading.temperatureCelsius = Number.NaN;
      reading.memoryUsedBytes = Number.NaN;
      const dueMs = slowDueMs[index] ?? 0;
      if (performance.now() >= dueMs) {
        reader.readSlow(reading);
        slowDueMs[index] = Math.max(dueMs + slowPeriodMs, performance.now());
      }
      ring.push(reading);
    }
    if (tick === 0) onFirst();
  }
}

const emptyReading = (): Reading => ({
  beforeNs: 0n,
  afterNs: 0n,
  energyMj: Number.NaN,
  powerMw: Number.NaN,
  temperatureCelsius: Number.NaN,
  memoryUsedBytes: Number.NaN,
});

function start(port: MessagePort, options: SidecarOptions): void {
  const tell = (message: SamplerMessage): void => port.postMessage(message);
  const devices = openDevices(options, process.env);
  if (devices.status === "failed") return tell(devices);
  if (devices.readers.length === 0) {
    return tell({ status: "failed", code: exitCodes.gpuNotVisible, message: "GPU not visible: NVML shows none" });
  }
  const samples = devices.readers.length * Math.ceil((ringSeconds * 1000) / options.periodMs);
  const ring = allocateRing(Math.min(samples, ringSamplesMax));
  sample(devices.readers, new RingWriter(ring), options.periodMs, () =>
    tell({ status: "sampling", info: devices.info, ring }),
  );
}

if (parentPort !== null) start(parentPort, workerData);
