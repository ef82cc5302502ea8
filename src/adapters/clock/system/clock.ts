import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../../ports/clock.js";

/** The clocks of this host. */
export const systemClock: Clock = {
  // Node reads CLOCK_MONOTONIC, which processes and containers of one host share.
  monotonicNs: () => process.hrtime.bigint(),
  wallTime: () => new Date(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
