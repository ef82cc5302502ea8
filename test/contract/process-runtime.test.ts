import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe } from "vitest";
import { sidecarMeter } from "../../src/adapters/meter/sidecar/meter.js";
import { processRuntime } from "../../src/adapters/runtime/process/runtime.js";
import type { UnitSpec } from "../../src/ports/runtime.js";
import { simulatedGpuHost } from "../support/gpu-host.js";
import { repository } from "../support/program.js";
import { runtimeContract } from "./runtime-contract.js";

let library = "";
beforeAll(async () => {
  library = (await simulatedGpuHost()).library;
});

function sidecar(gpus: readonly string[] | "all"): UnitSpec {
  const spec = sidecarMeter.unit({ source: "nvml", gpus, gpuDriver: "nvidia", runtime: "process", token: "t" });
  return {
    ...spec,
    command: [process.execPath, `${repository}/dist/sidecar/main.js`],
    get env() {
      return { ...spec.env, LEM_NVML_LIBRARY: library };
    },
  };
}

/** Children of this process that still run one of lem's programs. */
function children(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
      return parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("sidecar/main.js");
    } catch {
      return false;
    }
  });
}

describe("process runtime", () => {
  runtimeContract({
    make: processRuntime,
    working: sidecar("all"),
    ending: sidecar(["GPU-00000000-0000-4000-8000-000000000000"]),
    leftovers: async () => children(),
  });
});
