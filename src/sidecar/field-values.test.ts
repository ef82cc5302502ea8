import { expect, it } from "vitest";
import type { NvmlCall } from "../workers/server/nvml.js";
import { field, FieldValues } from "./field-values.js";

/** Answers like a driver: writes value type, status and value into each struct of 40 bytes. */
function driver(write: (view: DataView, start: number, id: number) => void): NvmlCall {
  return (_handle, count, bytes) => {
    if (typeof count !== "number" || !(bytes instanceof Uint8Array)) return 2;
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < count; index++) write(view, index * 40, view.getUint32(index * 40, true));
    return 0;
  };
}

it("reads integers of 64 and 32 bits and floating point", () => {
  const values = new FieldValues([field.totalEnergy, field.powerInstant]);
  const answers = driver((view, start, id) => {
    if (id === field.totalEnergy) {
      view.setUint32(start + 24, 3, true);
      view.setBigUint64(start + 32, 2n ** 40n + 5n, true);
    } else {
      view.setUint32(start + 24, 0, true);
      view.setFloat64(start + 32, 123_456.5, true);
    }
  });
  expect(values.read(answers, 1n)).toBe(true);
  expect(values.valueOf(field.totalEnergy)).toBe(2 ** 40 + 5);
  expect(values.valueOf(field.powerInstant)).toBe(123_456.5);
});

it("gives no value for a field that the driver refused", () => {
  const values = new FieldValues([field.totalEnergy, field.powerInstant]);
  const answers = driver((view, start, id) => {
    view.setUint32(start + 24, 1, true);
    view.setUint32(start + 28, id === field.totalEnergy ? 3 : 0, true);
    view.setUint32(start + 32, 4_000_000_000, true);
  });
  values.read(answers, 1n);
  expect(values.valueOf(field.totalEnergy)).toBeNaN();
  expect(values.valueOf(field.powerInstant)).toBe(4_000_000_000);
});

it("says when the call failed or nothing is asked for", () => {
  expect(new FieldValues([field.totalEnergy]).read(() => 15, 1n)).toBe(false);
  expect(new FieldValues([]).read(() => 0, 1n)).toBe(false);
});
