import { beforeAll, describe } from "vitest";
import { sidecarMeter } from "../../src/adapters/meter/sidecar/meter.js";
import { dockerRuntime } from "../../src/adapters/runtime/docker/runtime.js";
import { meterContract } from "../contract/meter-contract.js";
import { simulatedGpuHost, type GpuHost } from "../support/gpu-host.js";
import { gpu1 } from "./engine.js";

let host: GpuHost;
beforeAll(async () => {
  host = await simulatedGpuHost();
});

describe("NVML sidecar in a container", () => {
  meterContract({
    meter: sidecarMeter,
    runtime: dockerRuntime,
    adjust: (spec) => spec,
    needs: { source: "nvml", gpus: [gpu1], gpuDriver: "nvidia", runtime: "docker" },
    uuids: () => [gpu1],
    trueJoules: (_gpu, fromNs, toNs) => host.trueJoules(1, fromNs, toNs),
  });
});
