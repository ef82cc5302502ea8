import type { RunEvent, RunRequest } from "../schema/wire.js";
import { RequestQueue } from "./request-queue.js";
import type { Call } from "./request-queue.js";

type WithoutSeq<Event> = Event extends unknown ? Omit<Event, "seq"> : never;

/** An event of a run before it gets its number. */
export type EventBody = WithoutSeq<RunEvent>;

export type Emit = (event: EventBody) => void;

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

export interface LoopPorts {
  readonly generate: Generate;
  readonly emit: Emit;
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly now: () => bigint;
  readonly signal: AbortSignal;
}

/**
 * Drives `generate` by the request's scenario. `concurrency`: N slots, each sends its next request when the one before
 * is done. `offline`: batches of N, each sent when the whole batch before is done. `idle` is emitted when a slot has
 * nothing left to send: until then the load was full.
 */
export async function runClosedLoop(request: RunRequest, ports: LoopPorts): Promise<void> {
  const requests = new Requests(request, ports);
  // A slot that would never get a request does not count: its idleness must not end the steady window at once.
  const slots = Math.min(request.concurrency, request.stop.requests ?? request.concurrency);
  const loops =
    request.scenario === "offline"
      ? [sendBatches(requests, slots)]
      : Array.from({ length: slots }, async () => sendInTurn(requests));
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
    const settled = await Promise.allSettled(batch.map(async (call) => requests.send(call)));
    const rejected = settled.find((sent) => sent.status === "rejected");
    if (rejected !== undefined) throw rejected.reason;
  }
}

/** Sends requests to the engine and tells their fate in events. The first one that breaks the engine stops the others. */
class Requests {
  readonly #queue: RequestQueue;
  readonly #ports: LoopPorts;
  readonly #broken = new AbortController();
  readonly #signal: AbortSignal;
  readonly #errorsAllowed: number;
  #errorsInARow = 0;
  #idle = false;

  constructor(request: RunRequest, ports: LoopPorts) {
    this.#queue = new RequestQueue(request, ports.now());
    this.#ports = ports;
    this.#signal = AbortSignal.any([ports.signal, this.#broken.signal]);
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
    const { emit, now } = this.#ports;
    const tNs = now();
    const calls = this.#queue.take(size, tNs);
    for (const { id, prompt } of calls) {
      emit({ type: "accepted", t_ns: String(now()), request: id, input_tokens: prompt.length });
    }
    if (calls.length < size && !this.#idle) {
      this.#idle = true;
      emit({ type: "idle", t_ns: String(tNs) });
    }
    return calls;
  }

  async send(call: Call): Promise<void> {
    const requests = [call.id];
    const onTokens: OnTokens = (n, tNs) => this.#ports.emit({ type: "tokens", t_ns: String(tNs), requests, n });
    try {
      // A signal of its own: one shared by all requests in flight would collect a listener from each of them.
      this.#report(call, await this.#ports.generate(call, onTokens, AbortSignal.any([this.#signal])));
    } catch (error) {
      if (!this.#signal.aborted) this.#broken.abort(error);
      throw error;
    }
  }

  #report(call: Call, outcome: Outcome): void {
    const common = { t_ns: String(this.#ports.now()), request: call.id };
    if (outcome.status === "done") {
      const { inputTokens: input_tokens, outputTokens: output_tokens, cachedTokens } = outcome;
      const cached = cachedTokens === undefined ? {} : { cached_tokens: cachedTokens };
      this.#ports.emit({ type: "done", ...common, input_tokens, output_tokens, ...cached });
      this.#errorsInARow = 0;
      return;
    }
    this.#ports.emit({ type: "error", ...common, code: outcome.code, message: outcome.message });
    // An engine that refuses everything would otherwise be asked again as fast as it can say no.
    if (++this.#errorsInARow >= this.#errorsAllowed) {
      throw new Error(`${String(this.#errorsInARow)} requests in a row failed, the last one: ${outcome.message}`);
    }
  }
}
