import type { LaunchSite, Runtime } from "../../../ports/runtime.js";
import type { ProcessUnit } from "./unit.js";
import { startProcess } from "./unit.js";

/** Backends as child processes of this one: no container, no private network, the host's own libraries. */
export function processRuntime(): Runtime {
  return {
    describe: async () => ({ name: "process", version: process.version, details: {} }),
    imageDigest: async () => undefined,
    // Nothing to sweep: a child of lem ends by itself when the pipe to its controller breaks.
    sweep: async () => [],
    openSite: async () => openSite(),
  };
}

function openSite(): LaunchSite {
  const units = new Set<Promise<ProcessUnit>>();
  return {
    prepare: async (spec) => ({
      start: async (signal) => {
        signal.throwIfAborted();
        const starting = startProcess(spec, signal);
        units.add(starting);
        return starting;
      },
    }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [...units].map(async (starting) => {
          // One that failed to start has cleaned up after itself.
          const unit = await starting.catch(() => undefined);
          await unit?.stop();
        }),
      );
    },
  };
}
