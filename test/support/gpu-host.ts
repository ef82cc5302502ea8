import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import koffi from "koffi";
import { repository } from "./program.js";

/** The simulated NVML of test/gpu-host, compiled. */
export interface GpuHost {
  /** Path of libnvidia-ml.so.1, for LEM_NVML_LIBRARY. */
  readonly library: string;
  readonly uuids: readonly string[];
  /** True energy of a GPU between two instants of CLOCK_MONOTONIC (nanoseconds), in joules. */
  readonly trueJoules: (gpu: number, fromNs: bigint, toNs: bigint) => number;
}

/** Compiles the library where it is missing or outdated, and opens its oracle. */
export async function simulatedGpuHost(): Promise<GpuHost> {
  const directory = join(repository, "build/gpu-host");
  await promisify(execFile)("bash", [join(repository, "scripts/gpu-host.sh"), directory]);
  const library = join(directory, "libnvidia-ml.so.1");
  const oracle: (gpu: number, fromS: number, toS: number) => number = koffi
    .load(library)
    .func("lem_oracle_joules", "double", ["uint", "double", "double"]);
  return {
    library,
    uuids: [0, 1, 2, 3].map((index) => `GPU-5111e7ed-0000-4000-8000-${index.toString(16).padStart(12, "0")}`),
    trueJoules: (gpu, fromNs, toNs) => oracle(gpu, Number(fromNs) / 1e9, Number(toNs) / 1e9),
  };
}
