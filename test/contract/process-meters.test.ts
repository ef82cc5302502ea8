import { beforeAll, describe, expect, it } from "vitest";
import { sidecarMeter } from "../../src/adapters/meter/sidecar/meter.js";
import { processRuntime } from "../../src/adapters/runtime/process/runtime.js";
import type { UnitSpec } from "../../src/ports/runtime.js";
import { simulatedJoules } from "../../src/sidecar/simulated-reader.js";
import { simulatedGpuHost, type GpuHost } from "../support/gpu-host.js";
import { repository } from "../support/program.js";
import { meterContract } from "./meter-contract.js";

let host: GpuHost;
beforeAll(async () => {
  host = await simulatedGpuHost();
});

const adjust = (spec: UnitSpec): UnitSpec => ({
  ...spec,
  command: [process.execPath, `${repository}/dist/sidecar/main.js`],
  env: { ...spec.env, LEM_NVML_LIBRARY: host.library },
});
const common = { meter: sidecarMeter, runtime: processRuntime, adjust };

describe("NVML sidecar, a child process", () => {
  meterContract({
    ...common,
    needs: { source: "nvml", gpus: "all", gpuDriver: "nvidia", runtime: "process" },
    uuids: () => host.uuids,
    trueJoules: (gpu, fromNs, toNs) => host.trueJoules(gpu, fromNs, toNs),
  });

  it("says why it cannot start", async () => {
    const signal = AbortSignal.timeout(20_000);
    const needs = { source: "nvml", gpus: "all", gpuDriver: "nvidia", runtime: "process", token: "t" } as const;
    await using site = await processRuntime().openSite({ campaignId: "c", launchId: "none", outgoing: false }, signal);
    const spec = adjust(sidecarMeter.unit(needs));
    const prepared = await site.prepare({ ...spec, env: { ...spec.env, LEM_NVML_LIBRARY: "/nowhere.so" } }, signal);

    await expect(prepared.start(signal)).rejects.toThrow(/NVML not found/);
  });
});

describe("simulated meter", () => {
  meterContract({
    ...common,
    needs: { source: "simulated", gpus: [], gpuDriver: "nvidia", runtime: "process" },
    uuids: () => ["GPU-00000000-0000-4000-8000-51111a7ed000"],
    trueJoules: (_gpu, fromNs, toNs) => simulatedJoules(Number(toNs) / 1e9) - simulatedJoules(Number(fromNs) / 1e9),
  });
});
