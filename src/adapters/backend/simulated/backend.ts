import type { Backend } from "../../../ports/backend.js";
import { nodeProgram } from "../../programs/shared/node-program.js";
import { wireWorker, workerConfig } from "../shared/wire-worker.js";

/** The simulated engine, always a child process. */
export const simulatedBackend: Backend = {
  ...wireWorker,
  drive: () => "engine-api",
  unit: (needs) => ({
    role: "backend",
    image: "none",
    command: nodeProgram("workers/simulated/main.js"),
    env: { LEM_CONFIG: workerConfig(needs, needs.config.simulated ?? {}, undefined) },
    secretEnv: { LEM_TOKEN: needs.token },
    mounts: [],
    gpus: needs.gpus,
    gpuDriver: needs.config.container.gpu_driver,
    port: 0,
    stopGraceMs: 2_000,
  }),
};
