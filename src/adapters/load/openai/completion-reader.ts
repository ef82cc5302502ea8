import { createParser } from "eventsource-parser";
import { z } from "zod";
import type { OnTokens, Outcome } from "../../../domain/closed-loop.js";

/** A chunk of a streamed completion, as far as it is used. `timings` is llama.cpp's. */
const Usage = z.looseObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int().nullish() }).nullish(),
});
type Usage = z.infer<typeof Usage>;

const Chunk = z.looseObject({
  choices: z.array(z.looseObject({ text: z.string().nullish(), finish_reason: z.string().nullish() })).default([]),
  usage: Usage.nullish(),
  timings: z.looseObject({ predicted_n: z.int() }).nullish(),
  error: z.looseObject({ message: z.string() }).nullish(),
});
type Chunk = z.infer<typeof Chunk>;

/**
 * Reads a streamed completion. A chunk is not a token: the server holds incomplete characters back and may send several
 * tokens at once. Where the server says how many tokens there are so far, the difference is counted; otherwise one per
 * chunk, and the total is set right by `usage` at the end.
 */
export class CompletionReader {
  readonly #decoder = new TextDecoder();
  readonly #onTokens: OnTokens;
  #raw = "";
  #tNs = 0n;
  #counted = 0;
  #lastTokensNs = 0n;
  #usage: Usage | undefined;
  #finished = false;
  #failure: Outcome | undefined;
  readonly #parser = createParser({ onEvent: ({ data }) => this.#event(data) });

  constructor(onTokens: OnTokens) {
    this.#onTokens = onTokens;
  }

  /** Bytes as they came, and when. */
  read(chunk: Uint8Array, tNs: bigint): void {
    this.#tNs = tNs;
    this.#parser.feed(this.#decoder.decode(chunk, { stream: true }));
  }

  /** Keeps the body of an answer that is not a stream. */
  keepRaw(chunk: Uint8Array): void {
    if (this.#raw.length < 2_000) this.#raw += this.#decoder.decode(chunk, { stream: true });
  }

  rawText(): string {
    return this.#raw.slice(0, 500);
  }

  outcome(): Outcome {
    if (this.#failure !== undefined) return this.#failure;
    if (!this.#finished) {
      return { status: "failed", code: "truncated", message: "the stream ended without a finish reason" };
    }
    const usage = this.#usage;
    if (usage === undefined) return { status: "failed", code: "no_usage", message: "the stream ended without usage" };
    const uncounted = usage.completion_tokens - this.#counted;
    if (uncounted > 0) this.#onTokens(uncounted, this.#lastTokensNs === 0n ? this.#tNs : this.#lastTokensNs);
    const cachedTokens = usage.prompt_tokens_details?.cached_tokens;
    return {
      status: "done",
      inputTokens: usage.prompt_tokens,
      outputTokens: usage.completion_tokens,
      ...(cachedTokens === undefined || cachedTokens === null ? {} : { cachedTokens }),
    };
  }

  #event(data: string): void {
    if (data === "[DONE]") return;
    const parsed = Chunk.safeParse(parseJson(data));
    if (!parsed.success) this.#failure ??= { status: "failed", code: "bad_chunk", message: data.slice(0, 200) };
    else if (parsed.data.error) {
      this.#failure ??= { status: "failed", code: "server_error", message: parsed.data.error.message };
    } else this.#chunk(parsed.data);
  }

  #chunk({ choices, usage, timings }: Chunk): void {
    if (usage) this.#usage = usage;
    const [choice] = choices;
    if (choice === undefined) return;
    if (typeof choice.finish_reason === "string") this.#finished = true;
    const onePerChunk = this.#counted + (choice.text ? 1 : 0);
    this.#count(timings?.predicted_n ?? usage?.completion_tokens ?? onePerChunk);
  }

  #count(total: number): void {
    if (total <= this.#counted) return;
    this.#onTokens(total - this.#counted, this.#tNs);
    this.#counted = total;
    this.#lastTokensNs = this.#tNs;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
