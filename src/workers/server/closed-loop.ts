import { setMaxListeners } from "node:events";
import type { RunRequest } from "../../schema/wire.js";
import { monotonicNs, monotonicText } from "./clock.js";
import type { Emit } from "./engine.js";
import { RequestQueue, type Call } from "./request-queue.js";

/** How one request ended. Counts are the engine's own. */
export type Outcome =
  | {
      readonly status: "done";
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly cachedTokens?: number;
    }
  | { readonly status: "failed"; readonly code: string; readonly message: string };

/** `n` more tokens of this request arrived at `tNs`. */
export type OnTokens = (n: number, tNs: bigint) => void;

/**
 * The engine's primitive: generates exactly `call.outputTokens` tokens. Rejects when the engine cannot go on at all or
 * `signal` is aborted; a request that failed alone is an outcome.
 */
export type Generate = (call: Call, onTokens: OnTokens, signal: AbortSignal) => Promise<Outcome>;

/**
 * Drives `generate` by the request's scenario. `concurrency`: N slots, each sends its next request when the one before
 * is done. `offline`: batches of N, each sent when the whole batch before is done. `idle` is emitted when a slot has
 * nothing left to send: until then the load was full.
 */
export async function runClosedLoop(
  request: RunRequest,
  generate: Generate,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const requests = new Requests(request, generate, emit, signal);
  // A slot that would never get a request does not count: its idleness must not end the steady window at once.
  const slots = Math.min(request.concurrency, request.stop.requests ?? request.concurrency);
  const loops =
    request.scenario === "offline"
      ? [sendBatches(requests, slots)]
      : Array.from({ length: slots }, () => sendInTurn(requests));
  // All of them are waited for: none may still emit when the run is reported as failed.
  const settled = await Promise.allSettled(loops);
  const rejected = settled.find((loop) => loop.status === "rejected");
  if (rejected !== undefined) throw requests.failure ?? rejected.reason;
}

async function sendInTurn(requests: Requests): Promise<void> {
  for (let call = requests.next(); call !== undefined; call = requests.next()) await requests.send(call);
}

async function sendBatches(requests: Requests, size: number): Promise<void> {
  for (;;) {
    const batch = requests.nextBatch(size);
    if (batch.length === 0) return;
    const settled = await Promise.allSettled(batch.map((call) => requests.send(call)));
    const rejected = settled.find((sent) => sent.status === "rejected");
    if (rejected !== undefined) throw rejected.reason;
  }
}

/** Sends requests to the engine and tells their fate in events. The first one that breaks the engine stops the others. */
class Requests {
  readonly #queue: RequestQueue;
  readonly #generate: Generate;
  readonly #emit: Emit;
  readonly #broken = new AbortController();
  readonly #signal: AbortSignal;
  readonly #errorsAllowed: number;
  #errorsInARow = 0;
  #idle = false;

  constructor(request: RunRequest, generate: Generate, emit: Emit, signal: AbortSignal) {
    this.#queue = new RequestQueue(request);
    this.#generate = generate;
    this.#emit = emit;
    this.#signal = AbortSignal.any([signal, this.#broken.signal]);
    setMaxListeners(0, this.#signal); // one per request in flight
    this.#errorsAllowed = Math.max(8, 2 * request.concurrency);
  }

  /** What broke the engine; undefined when nothing did. */
  get failure(): unknown {
    return this.#broken.signal.reason;
  }

  /** Accepts the next request; undefined when there is no more to send. */
  next(): Call | undefined {
    return this.nextBatch(1)[0];
  }

  /** Accepts up to `size` requests at once. Fewer mean that nothing will follow: the load is no longer full. */
  nextBatch(size: number): Call[] {
    this.#signal.throwIfAborted();
    const tNs = monotonicNs();
    const calls = this.#queue.take(size, tNs);
    for (const { id, prompt } of calls) {
      this.#emit({ type: "accepted", t_ns: monotonicText(), request: id, input_tokens: prompt.length });
    }
    if (calls.length < size && !this.#idle) {
      this.#idle = true;
      this.#emit({ type: "idle", t_ns: String(tNs) });
    }
    return calls;
  }

  async send(call: Call): Promise<void> {
    const requests = [call.id];
    const onTokens: OnTokens = (n, tNs) => this.#emit({ type: "tokens", t_ns: String(tNs), requests, n });
    try {
      this.#report(call, await this.#generate(call, onTokens, this.#signal));
    } catch (error) {
      if (!this.#signal.aborted) this.#broken.abort(error);
      throw error;
    }
  }

  #report(call: Call, outcome: Outcome): void {
    const common = { t_ns: monotonicText(), request: call.id };
    if (outcome.status === "done") {
      const { inputTokens: input_tokens, outputTokens: output_tokens, cachedTokens } = outcome;
      const cached = cachedTokens === undefined ? {} : { cached_tokens: cachedTokens };
      this.#emit({ type: "done", ...common, input_tokens, output_tokens, ...cached });
      this.#errorsInARow = 0;
      return;
    }
    this.#emit({ type: "error", ...common, code: outcome.code, message: outcome.message });
    // An engine that refuses everything would otherwise be asked again as fast as it can say no.
    if (++this.#errorsInARow >= this.#errorsAllowed) {
      throw new Error(`${this.#errorsInARow} requests in a row failed, the last one: ${outcome.message}`);
    }
  }
}
