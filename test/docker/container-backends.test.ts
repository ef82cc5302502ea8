import { resolve } from "node:path";
import { describe } from "vitest";
import { dockerRuntime } from "../../src/adapters/runtime/docker/runtime.js";
import { wire } from "../../src/index.js";
import { backendContract } from "../contract/backend-contract.js";

const { backends, loads } = wire();

describe("llama-server in a container", () => {
  backendContract({
    backend: backends.llamacpp,
    loads,
    runtime: dockerRuntime,
    fields: { backend: "llamacpp", runtime: "docker", model: { id: "tiny", path: resolve("models/tiny-f16.gguf") } },
    simulated: false,
  });
});

describe("Transformers in a container", () => {
  backendContract({
    backend: backends.pytorch,
    loads,
    runtime: dockerRuntime,
    fields: { backend: "pytorch", runtime: "docker", model: { id: "tiny", path: resolve("models/tiny") } },
    simulated: false,
  });
});
