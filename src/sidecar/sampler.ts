import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { openDevices, type DeviceFailure } from "./devices.js";
import type { SidecarOptions } from "./options.js";
import { RingWriter } from "./ring.js";
import { tickAfter } from "./schedule.js";
import { Ticks } from "./ticks.js";

/** The only message of the sampling thread: that it failed, or that it can take over the ring. */
export type SamplerMessage = DeviceFailure | { readonly status: "ready" };

/** Samples for ever. Blocks its thread, which therefore does nothing else; the server has another one. */
function sample(ticks: Ticks, periodMs: number): void {
  const alarm = new Int32Array(new SharedArrayBuffer(4));
  const startMs = performance.now();
  for (let tick = 0; ; tick = tickAfter(tick, performance.now() - startMs, periodMs)) {
    const waitMs = startMs + tick * periodMs - performance.now();
    if (waitMs > 0) Atomics.wait(alarm, 0, 0, waitMs);
    ticks.take();
  }
}

function start(port: MessagePort, options: SidecarOptions): void {
  const tell = (message: SamplerMessage): void => port.postMessage(message);
  const devices = openDevices(options, process.env);
  if (devices.status === "failed") return tell(devices);
  port.once("message", (ring: SharedArrayBuffer) =>
    sample(new Ticks(devices.readers, new RingWriter(ring)), options.periodMs),
  );
  return tell({ status: "ready" });
}

if (parentPort !== null) start(parentPort, workerData);
