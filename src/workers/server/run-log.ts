import type { EventBody } from "../../domain/closed-loop.js";

/** Lines of one run from a cursor on, and the cursor to ask with next. */
export interface LogSlice {
  readonly bytes: Buffer;
  readonly next: number;
}

interface Chunk {
  /** Sequence number of the first line. */
  readonly first: number;
  readonly count: number;
  readonly bytes: Buffer;
}

const newline = 0x0a;
const sliceBytes = 256 * 1024;

/**
 * The events of one run as numbered NDJSON lines. Writing never waits for a reader: lines are collected for `flushMs`
 * and then become one chunk, so that a token costs a string and not a system call and a wake-up of the controller on a
 * machine that is being measured. Readers come with a cursor, any number of them, as often as they like.
 */
export class RunLog {
  #chunks: Chunk[] = [];
  #pending: string[] = [];
  #flushed = 0;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  readonly #flushMs: number;

  constructor(flushMs = 20) {
    this.#flushMs = flushMs;
  }

  /** Numbers the event and appends it. After the end nothing is accepted any more. */
  append(event: EventBody): void {
    if (this.#ended) return;
    const seq = this.#flushed + this.#pending.length;
    this.#pending.push(JSON.stringify({ seq, ...event }));
    // The controller waits for the first line.
    if (seq === 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#flushMs);
  }

  /** Nothing will follow: readers get the rest at once, then their end. */
  end(): void {
    this.#ended = true;
    this.#flush();
  }

  /** Lines from `cursor` on, at least one; waits until there are some. Undefined: the run ended before `cursor`. */
  async read(cursor: number): Promise<LogSlice | undefined> {
    while (cursor >= this.#flushed) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const parts: Buffer[] = [];
    let [next, bytes] = [cursor, 0];
    for (let index = this.#chunkOf(cursor); index < this.#chunks.length && bytes < sliceBytes; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) break;
      const part = linesFrom(chunk, next - chunk.first);
      parts.push(part);
      bytes += part.length;
      next = chunk.first + chunk.count;
    }
    return { bytes: Buffer.concat(parts), next };
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const count = this.#pending.length;
    if (count > 0) {
      this.#chunks.push({ first: this.#flushed, count, bytes: Buffer.from(`${this.#pending.join("\n")}\n`) });
      this.#flushed += count;
      this.#pending = [];
    }
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  /** Index of the chunk that holds line `seq`, by bisection. */
  #chunkOf(seq: number): number {
    let [low, high] = [0, this.#chunks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#chunks[middle]?.first ?? 0) <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function linesFrom(chunk: Chunk, skip: number): Buffer {
  let start = 0;
  for (let line = 0; line < skip; line++) start = chunk.bytes.indexOf(newline, start) + 1;
  return chunk.bytes.subarray(start);
}
