import { monotonicNs } from "../workers/server/clock.js";
import type { Reader } from "./gpu-reader.js";
import type { Reading } from "./ring.js";

export const simulatedGpu = { uuid: "GPU-00000000-0000-4000-8000-51111a7ed000", name: "simulated GPU" } as const;

const meanW = 210;
const swingW = 40;
const swingPeriodS = 3;
const counterStepS = 0.02;

/** Joules since the clock's zero; the exact integral of `watts`. */
export function simulatedJoules(tS: number): number {
  const omega = (2 * Math.PI) / swingPeriodS;
  return meanW * tS - (swingW / omega) * Math.cos(omega * tS);
}

function simulatedWatts(tS: number): number {
  return meanW + swingW * Math.sin((2 * Math.PI * tS) / swingPeriodS);
}

/** A GPU that does not exist, for rehearsals and demonstrations: known power, and a counter that moves every 20 ms. */
export class SimulatedReader implements Reader {
  readFast(into: Reading): void {
    into.beforeNs = monotonicNs();
    const tS = Number(into.beforeNs) / 1e9;
    into.energyMj = Math.floor(1000 * simulatedJoules(Math.floor(tS / counterStepS) * counterStepS));
    into.powerMw = Math.round(1000 * simulatedWatts(tS));
    into.afterNs = monotonicNs();
  }

  readSlow(into: Reading): void {
    into.temperatureCelsius = 55;
    into.memoryUsedBytes = Number.NaN;
  }
}
