import type { Reader } from "./gpu-reader.js";
import type { Reading, RingWriter } from "./ring.js";

const slowPeriodMs = 1000;

const emptyReading = (): Reading => ({
  beforeNs: 0n,
  afterNs: 0n,
  energyMj: Number.NaN,
  powerMw: Number.NaN,
  temperatureCelsius: Number.NaN,
  memoryUsedBytes: Number.NaN,
});

/** Takes one sample of every GPU at a time, and temperature and memory once a second. */
export class Ticks {
  readonly #readers: readonly Reader[];
  readonly #ring: RingWriter;
  readonly #reading = emptyReading();
  readonly #slowDueMs: number[];

  constructor(readers: readonly Reader[], ring: RingWriter) {
    this.#readers = readers;
    this.#ring = ring;
    const startMs = performance.now();
    // Spread over the second: no tick may have to wait for the slow calls of all GPUs.
    this.#slowDueMs = readers.map((_, index) => startMs + (index * slowPeriodMs) / readers.length);
  }

  take(): void {
    for (const [index, reader] of this.#readers.entries()) {
      reader.readFast(this.#reading);
      this.#reading.temperatureCelsius = Number.NaN;
      this.#reading.memoryUsedBytes = Number.NaN;
      const dueMs = this.#slowDueMs[index] ?? 0;
      if (performance.now() >= dueMs) {
        reader.readSlow(this.#reading);
        this.#slowDueMs[index] = Math.max(dueMs + slowPeriodMs, performance.now());
      }
      this.#ring.push(this.#reading);
    }
  }
}
