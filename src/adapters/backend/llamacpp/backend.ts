import type { Backend, LaunchNeeds } from "../../../ports/backend.js";
import { wireWorker, workerConfig } from "../shared/wire-worker.js";
import { nodeProgram } from "../../programs/shared/node-program.js";
import { llamaServer } from "./server.js";

/** llama.cpp: embedded in a child process (runtime `process`), or `llama-server` in a container (runtime `docker`). */
export const llamacppBackend: Backend = {
  drive: (config) => (config.runtime === "docker" ? "openai-http" : "engine-api"),
  unit: (needs) => (needs.config.runtime === "docker" ? llamaServer.unit(needs) : embedded(needs)),
  target: (unit, needs) => kind(needs).target(unit, needs),
  readiness: async (unit, needs, signal) => kind(needs).readiness(unit, needs, signal),
  handshake: async (unit, needs, signal) => kind(needs).handshake(unit, needs, signal),
};

function kind(needs: LaunchNeeds): Pick<Backend, "target" | "readiness" | "handshake"> {
  return needs.config.runtime === "docker" ? llamaServer : wireWorker;
}

function embedded(needs: LaunchNeeds): ReturnType<Backend["unit"]> {
  return {
    role: "backend",
    image: "none",
    command: nodeProgram("workers/llamacpp/main.js"),
    env: { LEM_CONFIG: workerConfig(needs, needs.config.llamacpp ?? {}, needs.config.model.path) },
    secretEnv: { LEM_TOKEN: needs.token },
    mounts: [],
    gpus: needs.gpus,
    gpuDriver: needs.config.container.gpu_driver,
    port: 0,
    stopGraceMs: 2_000,
  };
}
