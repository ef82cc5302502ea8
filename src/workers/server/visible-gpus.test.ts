import { expect, it } from "vitest";
import { shownByCuda } from "./visible-gpus.js";

const gpus = ["GPU-aa11", "GPU-ab22", "GPU-cc33"].map((uuid) => ({ uuid, name: "x" }));

it.each([
  [undefined, ["GPU-aa11", "GPU-ab22", "GPU-cc33"]],
  ["", []],
  ["-1", []],
  ["NoDevFiles", []],
  ["2,0", ["GPU-cc33", "GPU-aa11"]],
  ["GPU-cc33,GPU-ab", ["GPU-cc33", "GPU-ab22"]],
  ["0, 1,7,2", ["GPU-aa11", "GPU-ab22"]],
])("CUDA_VISIBLE_DEVICES=%s", (visible, expected) => {
  expect(shownByCuda(gpus, visible).map(({ uuid }) => uuid)).toEqual(expected);
});
