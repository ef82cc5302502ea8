import type { LlamaContextSequence, Token } from "node-llama-cpp";
import { monotonicNs } from "../server/clock.js";
import type { Generate, OnTokens } from "../../domain/closed-loop.js";
import type { Call } from "../../domain/request-queue.js";
import type { SequencePool } from "./sequences.js";

/** llama.cpp's primitive: one request in one sequence. llama.cpp batches the sequences that are active together. */
export function llamaGenerate(pool: SequencePool): Generate {
  return async (call, onTokens, signal) => {
    const sequence = await pool.take();
    try {
      return await evaluate(sequence, call, onTokens, signal);
    } finally {
      pool.give(sequence);
    }
  };
}

async function evaluate(
  sequence: LlamaContextSequence,
  { prompt, outputTokens }: Call,
  onTokens: OnTokens,
  signal: AbortSignal,
): ReturnType<Generate> {
  let [produced, inputTokens] = [0, 0];
  // Greedy, so that every run does the same work. The length is forced: an end-of-generation token is a token like others.
  const tokens = sequence.evaluate(prompt.filter(isToken), { temperature: 0, yieldEogToken: true });
  for await (const _token of tokens) {
    onTokens(1, monotonicNs());
    signal.throwIfAborted();
    produced++;
    if (produced === 1) inputTokens = sequence.nextTokenIndex;
    if (produced === outputTokens) break;
  }
  return { status: "done", inputTokens, outputTokens: produced, cachedTokens: 0 };
}

/** `Token` is the library's branded number. */
const isToken = (id: number): id is Token => Number.isInteger(id);
