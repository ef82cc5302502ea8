import { resolve } from "node:path";
import { describe } from "vitest";
import { processRuntime } from "../../src/adapters/runtime/process/runtime.js";
import { wire } from "../../src/index.js";
import { backendContract } from "./backend-contract.js";
import { compiled } from "./compiled.js";

const { backends, loads } = wire();

describe("simulated, a child process", () => {
  backendContract({
    backend: compiled(backends.simulated),
    loads,
    runtime: processRuntime,
    fields: {
      backend: "simulated",
      runtime: "process",
      model: { id: "none" },
      simulated: { decode_tokens_per_s: 400 },
    },
    simulated: true,
  });
});

describe("llama.cpp, embedded in a child process", () => {
  backendContract({
    backend: compiled(backends.llamacpp),
    loads,
    runtime: processRuntime,
    fields: {
      backend: "llamacpp",
      runtime: "process",
      model: { id: "tiny", path: resolve("models/tiny.gguf") },
      llamacpp: { threads: 1 },
    },
    simulated: false,
  });
});
