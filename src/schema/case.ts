import { z } from "zod";
import { BackendName } from "./backend/index.js";
import { LlamacppParams } from "./backend/llamacpp.js";
import { PytorchParams } from "./backend/pytorch.js";
import { SimulatedParams } from "./backend/simulated.js";
import { Model } from "./model.js";
import { Scenario, Window, Workload } from "./workload.js";

const GpuUuid = z
  .string()
  .regex(/^(GPU|MIG)-[0-9a-fA-F-]{8,}$/, "a GPU is named by its UUID (nvidia-smi -L)")
  .describe("GPU UUID as printed by nvidia-smi -L");

const GpuIndex = z.int().min(0).max(63).describe("position in nvidia-smi -L");

const GpuRequest = z
  .union([
    z.literal("none"),
    z.literal("simulated"),
    z.int().min(1).max(64),
    z.array(z.union([GpuUuid, GpuIndex])).min(1),
  ])
  .describe(
    "`none`, `simulated` (one invented GPU for rehearsals), a number of GPUs, or a list of GPU UUIDs or indices; the result names the UUIDs",
  );

const Container = z
  .strictObject({
    shm_bytes: z
      .int()
      .min(1 << 20)
      .default(1 << 30)
      .describe("size of /dev/shm"),
    memory_bytes: z
      .int()
      .min(1 << 24)
      .optional()
      .describe("memory limit; default none"),
    gpu_driver: z
      .enum(["nvidia", "cdi"])
      .default("nvidia")
      .describe("how GPUs are handed over: NVIDIA's runtime hook or CDI (Podman)"),
  })
  .describe("limits of the backend's container");

/**
 * Fields of one case: everything that decides what is measured. A campaign gives them as plain values, as axes or
 * by overrides. The comment says which ones vary inside one launch; all others restart the backend.
 */
export const caseFields = {
  backend: BackendName,
  runtime: z
    .enum(["docker", "process"])
    .default("docker")
    .describe("`docker`: a container per launch; `process`: a child process"),
  image: z.string().min(1).optional().describe("container image; default lem's own image of the backend"),
  model: Model,
  dtype: z.enum(["auto", "float32", "float16", "bfloat16"]).default("auto").describe("type of weights and activations"),
  gpus: GpuRequest.default("none"),
  container: Container.prefault({}),
  llamacpp: LlamacppParams.optional(),
  pytorch: PytorchParams.optional(),
  simulated: SimulatedParams.optional(),
  workload: Workload.prefault({}),
  scenario: Scenario.default("concurrency"),
  concurrency: z
    .int()
    .min(1)
    .max(4096)
    .default(1)
    .describe("requests in flight, or the batch size of scenario `offline`"),
  window: Window.prefault({}),
} as const;

/** Fields that may change between two runs of one launch. */
export const fieldsInsideLaunch = ["workload", "scenario", "concurrency", "window"] as const;

/** One point of the grid, fully resolved; each field for itself. */
export const CaseConfig = z.strictObject(caseFields);
export type CaseConfig = z.infer<typeof CaseConfig>;

const runtimes: Readonly<Record<BackendName, readonly CaseConfig["runtime"][]>> = {
  llamacpp: ["docker", "process"],
  pytorch: ["docker"],
  simulated: ["process"],
};

/** One point of the grid whose fields also fit each other. */
export const ConsistentCase = CaseConfig.superRefine((config, context) => {
  const refuse = (path: string[], message: string): void => context.addIssue({ code: "custom", path, message });
  if (!runtimes[config.backend].includes(config.runtime)) {
    refuse(
      ["runtime"],
      `backend ${config.backend} runs in ${runtimes[config.backend].join(" or ")}, not in ${config.runtime}`,
    );
  }
  if (config.backend !== "llamacpp") return;
  if (config.model.revision !== undefined && config.model.path === undefined) {
    refuse(["model", "revision"], "llama.cpp fetches the newest revision only; fetch the file and give its path");
  }
  if (config.dtype !== "auto") refuse(["dtype"], "llama.cpp takes the type from the model file; leave dtype at auto");
  if (config.runtime === "process" && Object.keys(config.llamacpp?.extra ?? {}).length > 0) {
    refuse(["llamacpp", "extra"], "flags of llama-server have no meaning for the embedded engine; use runtime docker");
  }
});
