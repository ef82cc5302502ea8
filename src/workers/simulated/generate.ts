import { setTimeout as sleep } from "node:timers/promises";
import { performance } from "node:perf_hooks";
import type { SimulatedParams } from "../../schema/backend/simulated.js";
import { monotonicNs } from "../server/clock.js";
import type { Generate, OnTokens, Outcome } from "../../domain/closed-loop.js";
import { tokenTimes } from "./timing.js";

/** The simulated engine's primitive: waits where a real one computes. */
export function simulatedGenerate(params: SimulatedParams, seed: number): Generate {
  return async ({ index, prompt, outputTokens }, onTokens, signal) => {
    const times = tokenTimes(params, seed, { index, inputTokens: prompt.length, outputTokens });
    const third = index % 3 === 2;
    if (params.fault === "error_in_run" && third) return failAfterPrefill(times[0] ?? 0, signal);
    const half = Math.floor(outputTokens / 2);
    const shown = params.fault === "short_output" ? half : outputTokens;
    if (params.fault === "exit_in_run" && third) {
      await play(times.subarray(0, half), onTokens, signal);
      dieAtOnce();
    }
    await play(times.subarray(0, shown), onTokens, signal);
    return { status: "done", inputTokens: prompt.length, outputTokens: shown, cachedTokens: 0 };
  };
}

/**
 * Emits a token at each due time. The due times are absolute, so a late wake-up delays some tokens and never those after
 * them; tokens that are due together are told together.
 */
async function play(times: Float64Array, onTokens: OnTokens, signal: AbortSignal): Promise<void> {
  const startMs = performance.now();
  let told = 0;
  while (told < times.length) {
    const waitMs = (times[told] ?? 0) - (performance.now() - startMs);
    // Also when nothing is left to wait for: a fast engine must not shut out the server.
    await sleep(Math.max(0, Math.ceil(waitMs)), undefined, { signal });
    const elapsedMs = performance.now() - startMs;
    let due = told;
    while (due < times.length && (times[due] ?? 0) <= elapsedMs) due++;
    if (due > told) onTokens(due - told, monotonicNs());
    told = due;
  }
}

async function failAfterPrefill(prefillMs: number, signal: AbortSignal): Promise<Outcome> {
  await sleep(prefillMs, undefined, { signal });
  return { status: "failed", code: "simulated_fault", message: "simulated fault: every third request fails" };
}

/** As the kernel does it when memory runs out. The first process of a container cannot kill itself, hence the exit. */
function dieAtOnce(): never {
  process.kill(process.pid, "SIGKILL");
  process.exit(137);
}
