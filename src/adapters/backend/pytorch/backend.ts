import { basename } from "node:path";
import { hubToken } from "../shared/hub.js";
import type { Backend, LaunchNeeds } from "../../../ports/backend.js";
import type { Mount } from "../../../ports/runtime.js";
import { wireWorker, workerConfig } from "../shared/wire-worker.js";

/** PyTorch with Transformers: lem's Python worker in a container. */
export const pytorchBackend: Backend = {
  ...wireWorker,
  drive: () => "engine-api",
  unit: (needs) => {
    const mount = modelMount(needs);
    return {
      role: "backend",
      image: needs.config.image ?? "lem/pytorch:dev",
      command: [],
      env: {
        LEM_ENGINE: "pytorch",
        LEM_CONFIG: workerConfig(needs, needs.config.pytorch ?? {}, mount?.target),
        LEM_PORT: "8000",
        CUDA_DEVICE_ORDER: "PCI_BUS_ID",
        DO_NOT_TRACK: "1",
        ...(mount === undefined ? {} : { HF_HUB_OFFLINE: "1", TRANSFORMERS_OFFLINE: "1" }),
      },
      secretEnv: { LEM_TOKEN: needs.token, ...hubToken() },
      mounts: mount === undefined ? hubCache() : [mount],
      gpus: needs.gpus,
      gpuDriver: needs.config.container.gpu_driver,
      port: 8000,
      shmBytes: needs.config.container.shm_bytes,
      ...(needs.config.container.memory_bytes === undefined
        ? {}
        : { memoryBytes: needs.config.container.memory_bytes }),
      stopGraceMs: 10_000,
    };
  },
};

function modelMount({ config }: LaunchNeeds): Mount | undefined {
  const { path } = config.model;
  return path === undefined ? undefined : { source: path, target: `/models/${basename(path)}`, readOnly: true };
}

/** The hub's cache of this host, so that a model is not fetched once per launch. */
function hubCache(): Mount[] {
  const home = process.env["HF_HOME"];
  return home === undefined ? [] : [{ source: home, target: "/cache/huggingface", readOnly: false }];
}
