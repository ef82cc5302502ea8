import { z } from "zod";
import { CaseConfig } from "./case.js";
import { distributionNames, metricNames } from "./metric.js";
import { Distribution, Quantity } from "./quantity.js";
import { QualityFlag } from "./quality.js";
import { Nanoseconds, SeenGpu } from "./wire.js";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const WindowName = z.enum(["idle_bare", "idle_loaded", "warmup", "steady", "drain"]);
export type WindowName = z.infer<typeof WindowName>;

/** A named interval on the monotonic clock, with the energy of each GPU in it. */
export const WindowRecord = z.strictObject({
  name: WindowName,
  start_ns: Nanoseconds,
  end_ns: Nanoseconds,
  gpus: z.array(
    z.strictObject({
      uuid: z.string(),
      energy_j: Quantity,
      power_mean_w: Quantity,
      source: z.enum(["counter", "power_integral"]).optional(),
      samples_count: z.int().min(0),
      gap_max_ms: z.number().nullable().describe("longest distance between two samples that touch the window"),
      power_integral_j: Quantity.describe("the second source: power integrated over the window"),
    }),
  ),
});
export type WindowRecord = z.infer<typeof WindowRecord>;

/** A value that was asked for and that the engine reports otherwise. */
const ConfigDifference = z.strictObject({
  path: z.string(),
  resolved: z.unknown(),
  effective: z.unknown(),
});

const provenance = z.strictObject({
  runtime: z.strictObject({ name: z.enum(["docker", "process"]), version: z.string() }),
  image: z.strictObject({ ref: z.string(), digest: z.string() }).optional(),
  sidecar: z
    .strictObject({
      image_digest: z.string().optional(),
      version: z.string(),
      driver: z.string(),
      period_ms: z.number(),
    })
    .optional(),
  engine: z.strictObject({ name: z.string(), version: z.string() }).optional(),
  packages: z.record(z.string(), z.string()),
  model: z.strictObject({ id: z.string(), revision: z.string().optional(), sha256: Sha256.optional() }),
});

const environment = z.strictObject({
  os: z.string(),
  cpu_model: z.string(),
  cpu_count: z.int().min(1),
  memory_bytes: z.number(),
  node: z.string(),
  gpus: z.array(z.strictObject({ uuid: z.string(), name: z.string(), power_limit_w: z.number().nullable() })),
});
export const Environment = environment;
export type Environment = z.infer<typeof environment>;

const identity = {
  schema: z.literal("lem/result/1.0"),
  run_id: z.string().min(1),
  created_at: z.iso.datetime(),
  tool: z.strictObject({ name: z.literal("lem"), version: z.string() }),
  campaign: z.strictObject({
    name: z.string(),
    id: z.string(),
    plan_id: Sha256,
    cycle: z.int().min(1),
    launch_id: z.string(),
    launch_index: z.int().min(0).describe("position of the launch in the campaign, from 0"),
    run_index: z.int().min(0).describe("position of the run in its launch, from 0"),
  }),
  case: z.strictObject({ id: Sha256, slug: z.string(), axes: z.record(z.string(), z.unknown()) }),
  environment,
  files: z.array(z.strictObject({ path: z.string(), sha256: Sha256, bytes: z.int(), rows: z.int().optional() })),
};

const config = {
  requested: z.record(z.string(), z.unknown()).describe("what the campaign file says for this case"),
  resolved: CaseConfig.describe("with every default filled in"),
};

/** A run that ended: `ok` when nothing was found, `flagged` when quality flags were raised. */
const finished = {
  ...identity,
  drive: z.enum(["engine-api", "openai-http"]),
  simulated: z.boolean().describe("true when the engine or the meter is simulated"),
  config: z.strictObject({
    ...config,
    effective: z.record(z.string(), z.unknown()).describe("what the engine says it uses"),
    differences: z.array(ConfigDifference),
  }),
  gpus: z.strictObject({ requested: z.array(z.string()), seen_inside: z.array(SeenGpu) }),
  prompts_sha256: Sha256.describe("of the prompts as canonical JSON; equal hashes mean token-identical prompts"),
  clock: z.strictObject({
    offset_ns: z.number().describe("worker minus controller, at the exchange with the shortest round trip"),
    uncertainty_ns: z.number().min(0).describe("half of that round trip"),
  }),
  windows: z.array(WindowRecord),
  metrics: z.record(z.enum(metricNames), Quantity),
  distributions: z.record(z.enum(distributionNames), Distribution),
  quality: z.array(QualityFlag),
  provenance,
};

/** A run that gave no numbers: a row with a code, not a gap. */
const failed = {
  ...identity,
  status: z.literal("failed"),
  config: z.strictObject(config),
  provenance: provenance.partial().optional(),
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    log_tail: z.string().optional(),
  }),
};

/** One result file. It is written last and atomically: that it exists means that the run is complete. */
export const Result = z.discriminatedUnion("status", [
  z.strictObject({ ...finished, status: z.literal("ok") }),
  z.strictObject({ ...finished, status: z.literal("flagged") }),
  z.strictObject(failed),
]);
export type Result = z.infer<typeof Result>;
export type FinishedResult = Extract<Result, { status: "ok" | "flagged" }>;
