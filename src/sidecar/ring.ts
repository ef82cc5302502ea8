/** One reading of one GPU. NaN stands for "no value", because typed arrays have no null. */
export interface Reading {
  beforeNs: bigint;
  afterNs: bigint;
  energyMj: number;
  powerMw: number;
  temperatureCelsius: number;
  memoryUsedBytes: number;
}

interface Columns {
  /** [0]: sequence number of the next sample. Written last, so that what lies before it is complete. */
  readonly head: BigInt64Array;
  readonly beforeNs: BigInt64Array;
  readonly afterNs: BigInt64Array;
  readonly energyMj: Float64Array;
  readonly powerMw: Float64Array;
  readonly temperatureCelsius: Float64Array;
  readonly memoryUsedBytes: Float64Array;
}

const headBytes = 64;
const columnBytes = 8;
const columnCount = 6;

/** Memory of a ring for `capacity` samples. Pages that were never written cost nothing. */
export function allocateRing(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(headBytes + capacity * columnBytes * columnCount);
}

const capacityOf = (buffer: SharedArrayBuffer): number => (buffer.byteLength - headBytes) / (columnBytes * columnCount);

function columnsOf(buffer: SharedArrayBuffer): Columns {
  const capacity = capacityOf(buffer);
  const at = (column: number): number => headBytes + column * capacity * columnBytes;
  return {
    head: new BigInt64Array(buffer, 0, 1),
    beforeNs: new BigInt64Array(buffer, at(0), capacity),
    afterNs: new BigInt64Array(buffer, at(1), capacity),
    energyMj: new Float64Array(buffer, at(2), capacity),
    powerMw: new Float64Array(buffer, at(3), capacity),
    temperatureCelsius: new Float64Array(buffer, at(4), capacity),
    memoryUsedBytes: new Float64Array(buffer, at(5), capacity),
  };
}

/** The sampler's end: never waits, overwrites what is oldest. One writer at a time; the next one goes on from there. */
export class RingWriter {
  readonly #columns: Columns;
  readonly #capacity: number;
  #next: number;

  constructor(buffer: SharedArrayBuffer) {
    this.#columns = columnsOf(buffer);
    this.#capacity = capacityOf(buffer);
    this.#next = Number(Atomics.load(this.#columns.head, 0));
  }

  push(reading: Reading): void {
    const slot = this.#next % this.#capacity;
    this.#columns.beforeNs[slot] = reading.beforeNs;
    this.#columns.afterNs[slot] = reading.afterNs;
    this.#columns.energyMj[slot] = reading.energyMj;
    this.#columns.powerMw[slot] = reading.powerMw;
    this.#columns.temperatureCelsius[slot] = reading.temperatureCelsius;
    this.#columns.memoryUsedBytes[slot] = reading.memoryUsedBytes;
    this.#next++;
    Atomics.store(this.#columns.head, 0, BigInt(this.#next));
  }
}

/** The server's end. Readings are looked at in place; `stillThere` tells afterwards whether they were overwritten meanwhile. */
export class RingReader {
  readonly #columns: Columns;
  readonly #capacity: number;

  constructor(buffer: SharedArrayBuffer) {
    this.#columns = columnsOf(buffer);
    this.#capacity = capacityOf(buffer);
  }

  /** Sequence number of the next sample to come. */
  head(): number {
    return Number(Atomics.load(this.#columns.head, 0));
  }

  /** True when the sample has not been overwritten, nor is just being. */
  stillThere(seq: number): boolean {
    return seq > this.head() - this.#capacity;
  }

  /** The oldest sample to start reading with: a hundredth of the ring is left as a start over the writer. */
  oldest(): number {
    return Math.max(0, this.head() - this.#capacity + Math.ceil(this.#capacity / 100));
  }

  at(seq: number): Reading {
    const slot = seq % this.#capacity;
    return {
      beforeNs: this.#columns.beforeNs[slot] ?? 0n,
      afterNs: this.#columns.afterNs[slot] ?? 0n,
      energyMj: this.#columns.energyMj[slot] ?? Number.NaN,
      powerMw: this.#columns.powerMw[slot] ?? Number.NaN,
      temperatureCelsius: this.#columns.temperatureCelsius[slot] ?? Number.NaN,
      memoryUsedBytes: this.#columns.memoryUsedBytes[slot] ?? Number.NaN,
    };
  }
}
