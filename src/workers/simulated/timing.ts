import { below, seededRandom } from "../../domain/random.js";
import type { SimulatedParams } from "../../schema/backend/simulated.js";

/**
 * When the tokens of one request are due, in milliseconds after it was accepted; `[0]` is the first token, at the end of
 * the prefill. The same seed and index give the same times, on every machine.
 */
export function tokenTimes(
  params: SimulatedParams,
  seed: number,
  request: { readonly index: number; readonly inputTokens: number; readonly outputTokens: number },
): Float64Array {
  // Neighbouring seeds and indices must not give shifted copies of one sequence.
  const random = seededRandom(seededRandom(seed)() ^ seededRandom(request.index)());
  const step = (meanMs: number): number =>
    meanMs * (1 + params.jitter * (2 * (below(resolution, random) / resolution) - 1));
  const times = new Float64Array(request.outputTokens);
  let atMs = step((1000 * request.inputTokens) / params.prefill_tokens_per_s);
  for (let token = 0; token < times.length; token++) {
    times[token] = atMs;
    atMs += step(1000 / params.decode_tokens_per_s);
  }
  return times;
}

const resolution = 2 ** 24;
