import { monotonicNs } from "../workers/server/clock.js";
import type { Nvml, NvmlCall, NvmlDevice } from "../workers/server/nvml.js";
import { FieldValues, field } from "./field-values.js";
import type { Reading } from "./ring.js";

const success = 0;
const temperatureOfGpu = 0;

/** Functions of NVML that a reading needs, looked up once. */
interface Calls {
  readonly fields: NvmlCall;
  readonly totalEnergy: NvmlCall;
  readonly power: NvmlCall;
  readonly temperature: NvmlCall;
  readonly memory: NvmlCall;
}

const callsOf = ({ call }: Nvml): Calls => ({
  fields: call("nvmlDeviceGetFieldValues", ["void *", "int", "void *"]),
  totalEnergy: call("nvmlDeviceGetTotalEnergyConsumption", ["void *", "void *"]),
  power: call("nvmlDeviceGetPowerUsage", ["void *", "void *"]),
  temperature: call("nvmlDeviceGetTemperature", ["void *", "int", "void *"]),
  memory: call("nvmlDeviceGetMemoryInfo", ["void *", "void *"]),
});

/** What a sampler asks of a GPU. */
export interface Reader {
  /** Energy and power, between two looks at the clock. */
  readFast(into: Reading): void;
  /** Temperature and memory. */
  readSlow(into: Reading): void;
}

/**
 * Reads one GPU. Energy and power come from one batched call where the driver can do that (fields 83 and 186), else from
 * the older functions; which one works is found out by trying. nvmlDeviceGetPowerUsage is the average of the last second
 * on many cards since Ampere, field 186 is the present power.
 */
export class GpuReader implements Reader {
  readonly hasEnergyCounter: boolean;
  readonly #handle: bigint;
  readonly #calls: Calls;
  readonly #fields: FieldValues;
  readonly #out = new BigUint64Array(3);
  readonly #energyByCall: boolean;
  readonly #powerByCall: boolean;

  constructor(nvml: Nvml, device: NvmlDevice) {
    this.#handle = device.handle;
    this.#calls = callsOf(nvml);
    const tried = new FieldValues([field.totalEnergy, field.powerInstant]);
    const batched = tried.read(this.#calls.fields, this.#handle);
    const works = (id: number): boolean => batched && !Number.isNaN(tried.valueOf(id));
    this.#fields = new FieldValues([field.totalEnergy, field.powerInstant].filter(works));
    this.#energyByCall = !works(field.totalEnergy) && this.#calls.totalEnergy(this.#handle, this.#out) === success;
    this.#powerByCall = !works(field.powerInstant);
    this.hasEnergyCounter = works(field.totalEnergy) || this.#energyByCall;
  }

  /** Energy and power, between two looks at the clock. */
  readFast(into: Reading): void {
    into.beforeNs = monotonicNs();
    const batched = this.#fields.read(this.#calls.fields, this.#handle);
    into.energyMj = batched ? this.#fields.valueOf(field.totalEnergy) : Number.NaN;
    into.powerMw = batched ? this.#fields.valueOf(field.powerInstant) : Number.NaN;
    if (this.#energyByCall) into.energyMj = this.#ask(this.#calls.totalEnergy);
    if (this.#powerByCall) into.powerMw = this.#ask(this.#calls.power);
    into.afterNs = monotonicNs();
  }

  /** Temperature and memory: slow calls on a real driver, and slow quantities. */
  readSlow(into: Reading): void {
    this.#out[0] = 0n;
    const known = this.#calls.temperature(this.#handle, temperatureOfGpu, this.#out) === success;
    into.temperatureCelsius = known ? Number(this.#out[0]) : Number.NaN;
    into.memoryUsedBytes = this.memory()?.usedBytes ?? Number.NaN;
  }

  /** nvmlMemory_t: total, free, used. */
  memory(): { readonly totalBytes: number; readonly usedBytes: number } | undefined {
    if (this.#calls.memory(this.#handle, this.#out) !== success) return undefined;
    return { totalBytes: Number(this.#out[0]), usedBytes: Number(this.#out[2]) };
  }

  /** A function that answers one integer of 32 or 64 bits (little endian, so the upper half stays 0). */
  #ask(call: NvmlCall): number {
    this.#out[0] = 0n;
    return call(this.#handle, this.#out) === success ? Number(this.#out[0]) : Number.NaN;
  }
}
