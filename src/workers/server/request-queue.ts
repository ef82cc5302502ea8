import type { RunRequest } from "../../schema/wire.js";
import { monotonicNs } from "./clock.js";

/** One request to the engine. */
export interface Call {
  readonly id: string;
  readonly index: number;
  readonly prompt: readonly number[];
  readonly outputTokens: number;
}

/** Hands out the requests of a run until its stop rule; without a rule, for ever (until the run is aborted). */
export class RequestQueue {
  readonly #request: RunRequest;
  readonly #last: number;
  readonly #deadlineNs: bigint | undefined;
  #next = 0;

  /** `after_s` counts from now. */
  constructor(request: RunRequest, startNs = monotonicNs()) {
    const { requests, after_s } = request.stop;
    this.#request = request;
    this.#last = requests ?? Number.POSITIVE_INFINITY;
    this.#deadlineNs = after_s === undefined ? undefined : startNs + BigInt(Math.round(after_s * 1e9));
  }

  /** Up to `count` requests; fewer when the stop rule is reached. */
  take(count: number, nowNs: bigint): Call[] {
    if (this.#deadlineNs !== undefined && nowNs > this.#deadlineNs) return [];
    const first = this.#next;
    this.#next = Math.min(first + count, this.#last);
    return Array.from({ length: this.#next - first }, (_, offset) => this.#call(first + offset));
  }

  #call(index: number): Call {
    const { prompts, output_tokens: outputTokens } = this.#request;
    const prompt = prompts[index % prompts.length];
    if (prompt === undefined) throw new RangeError("a run needs at least one prompt");
    return { id: `r${index}`, index, prompt, outputTokens };
  }
}
