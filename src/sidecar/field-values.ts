import type { NvmlCall } from "../workers/server/nvml.js";

/** Identifiers of nvml.h: NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION (mJ) and NVML_FI_DEV_POWER_INSTANT (mW). */
export const field = { totalEnergy: 83, powerInstant: 186 } as const;

/**
 * nvmlFieldValue_t: { u32 fieldId, u32 scopeId, i64 timestamp, i64 latencyUsec, u32 valueType, u32 nvmlReturn,
 * 8 bytes of value }, 40 bytes. Here as words of 32 bits.
 */
const words = { size: 10, type: 6, status: 7, value: 8 } as const;

/** nvmlValueType_t */
const valueType = { double: 0, unsignedInt: 1, unsignedLong: 2, unsignedLongLong: 3, unsignedShort: 6 } as const;

/** A batch of field values that is filled by one call, in a buffer that is made once. Scope 0: the whole GPU. */
export class FieldValues {
  readonly #ids: readonly number[];
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(ids: readonly number[]) {
    this.#ids = ids;
    this.#words = new Uint32Array(ids.length * words.size);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#bytes = new Uint8Array(this.#words.buffer);
    for (const [index, id] of ids.entries()) this.#words[index * words.size] = id;
  }

  /** False when the call failed, or there is nothing to ask for. */
  read(getFieldValues: NvmlCall, handle: bigint): boolean {
    return this.#ids.length > 0 && getFieldValues(handle, this.#ids.length, this.#bytes) === 0;
  }

  /** The value of a field; NaN where the driver gave none. */
  valueOf(id: number): number {
    const index = this.#ids.indexOf(id);
    const start = index * words.size;
    if (index < 0 || this.#words[start + words.status] !== 0) return Number.NaN;
    const low = this.#words[start + words.value] ?? Number.NaN;
    const high = this.#words[start + words.value + 1] ?? Number.NaN;
    switch (this.#words[start + words.type] ?? -1) {
      case valueType.double:
        return this.#doubles[(start + words.value) / 2] ?? Number.NaN;
      case valueType.unsignedInt:
        return low;
      case valueType.unsignedLong:
      case valueType.unsignedLongLong:
        return high * 2 ** 32 + low;
      case valueType.unsignedShort:
        return low & 0xffff;
      default:
        return Number.NaN; // signed: neither of our fields is, so this is no value of theirs
    }
  }
}
