import { z } from "zod";

/** Version of the protocol between the controller and its workers and sidecars. Another version is refused. */
export const wireProtocol = "lem/wire/1";

/** CLOCK_MONOTONIC in nanoseconds; a string, because a JSON number loses digits beyond 2^53. */
export const Nanoseconds = z.string().regex(/^\d+$/).describe("CLOCK_MONOTONIC, nanoseconds");

const requestId = z.string().min(1).max(64);
const seq = z.int().min(0).describe("position in the stream; a reader that reconnects names the next one it needs");

/** GET /v1/health: 200 when ready, 503 otherwise. */
export const Health = z.strictObject({
  status: z.enum(["starting", "ready", "failed"]),
  message: z.string().optional(),
});
export type Health = z.infer<typeof Health>;

/** GET /v1/clock: the worker's monotonic clock at the moment of the answer. */
export const ClockReading = z.strictObject({ t_ns: Nanoseconds });
export type ClockReading = z.infer<typeof ClockReading>;

export const SeenGpu = z.strictObject({ uuid: z.string().min(1), name: z.string() });
export type SeenGpu = z.infer<typeof SeenGpu>;

const common = {
  protocol: z.string().describe("lem/wire/1"),
  version: z.string().describe("version of lem's program"),
  pid: z.int(),
};

/** GET /v1/info of a worker, once it is ready: what really runs. */
export const WorkerInfo = z.strictObject({
  ...common,
  role: z.literal("worker"),
  engine: z.strictObject({ name: z.string(), version: z.string() }),
  simulated: z.boolean().describe("true when no inference takes place"),
  gpus: z.array(SeenGpu).describe("GPUs visible inside, in the order of NVML"),
  vocabulary_tokens: z.int().min(1),
  effective: z.record(z.string(), z.unknown()).describe("the engine's configuration as it reads it back"),
  packages: z.record(z.string(), z.string()).describe("versions of the libraries that matter"),
});
export type WorkerInfo = z.infer<typeof WorkerInfo>;

/** GET /v1/info of a sidecar. */
export const SidecarInfo = z.strictObject({
  ...common,
  role: z.literal("sidecar"),
  source: z.enum(["nvml", "simulated"]),
  simulated: z.boolean().describe("true when no hardware is behind the numbers, be it a simulated library or none"),
  driver: z.string(),
  period_ms: z.number().positive(),
  gpus: z.array(
    z.strictObject({
      uuid: z.string().min(1),
      name: z.string(),
      power_limit_w: z.number().nullable(),
      memory_total_bytes: z.number().nullable(),
      energy_counter: z.boolean().describe("false: only power can be read"),
    }),
  ),
});
export type SidecarInfo = z.infer<typeof SidecarInfo>;

/** POST /v1/runs: work for the engine. The answer is NDJSON of RunEvent. */
export const RunRequest = z.strictObject({
  run_id: requestId,
  scenario: z.enum(["concurrency", "offline"]),
  concurrency: z.int().min(1),
  prompts: z
    .array(z.array(z.int().min(0)).min(1))
    .min(1)
    .describe("token ids; request i takes prompt i modulo their number"),
  output_tokens: z.int().min(1).describe("forced output length"),
  stop: z.strictObject({
    requests: z.int().min(1).optional().describe("send no more than this many requests"),
    after_s: z.number().positive().optional().describe("send no request later than this; those in flight are finished"),
  }),
  seed: z.int().min(0),
});
export type RunRequest = z.infer<typeof RunRequest>;

/**
 * One line of a run. `accepted`: the request was handed to the engine. `tokens`: each request named got `n` more tokens
 * at `t_ns` (the first such event of a request is its first token). `idle`: comes once, at the first moment at which a
 * slot was free and nothing more was to be sent (in batches: when the last one is not full, or all are done). The load
 * is full between `start` and `idle`. The last line is `end` or `failed`.
 */
export const RunEvent = z.discriminatedUnion("type", [
  z.strictObject({ seq, type: z.literal("start"), t_ns: Nanoseconds, run_id: requestId }),
  z.strictObject({
    seq,
    type: z.literal("accepted"),
    t_ns: Nanoseconds,
    request: requestId,
    input_tokens: z.int().min(1),
  }),
  z.strictObject({
    seq,
    type: z.literal("tokens"),
    t_ns: Nanoseconds,
    requests: z.array(requestId).min(1),
    n: z.int().min(1),
  }),
  z.strictObject({
    seq,
    type: z.literal("done"),
    t_ns: Nanoseconds,
    request: requestId,
    input_tokens: z.int().min(1).describe("as counted by the engine"),
    output_tokens: z.int().min(0).describe("as counted by the engine"),
    cached_tokens: z.int().min(0).optional().describe("prompt tokens that came from a prefix cache"),
  }),
  z.strictObject({
    seq,
    type: z.literal("error"),
    t_ns: Nanoseconds,
    request: requestId,
    code: z.string(),
    message: z.string(),
  }),
  z.strictObject({ seq, type: z.literal("idle"), t_ns: Nanoseconds }),
  z.strictObject({ seq, type: z.literal("end"), t_ns: Nanoseconds }),
  z.strictObject({ seq, type: z.literal("failed"), t_ns: Nanoseconds, code: z.string(), message: z.string() }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** One line of GET /v1/samples?cursor=N: one GPU at one tick. `null` where the driver gave no value at this tick. */
export const Sample = z.strictObject({
  seq,
  gpu_uuid: z.string().min(1),
  t_before_ns: Nanoseconds.describe("immediately before the driver was asked"),
  t_after_ns: Nanoseconds.describe("immediately after the driver answered"),
  energy_mj: z.number().min(0).nullable().describe("the driver's energy counter"),
  power_mw: z.number().min(0).nullable().describe("the driver's power reading"),
  temperature_celsius: z.number().nullable(),
  memory_used_bytes: z.number().min(0).nullable(),
});
export type Sample = z.infer<typeof Sample>;

/** First line of GET /v1/samples when the reader came too late: samples that left the ring before they were read. */
export const SamplesLost = z.strictObject({ lost: z.int().min(1), next: seq });
export type SamplesLost = z.infer<typeof SamplesLost>;

/** Body of every answer that is not a success. */
export const WireError = z.strictObject({ code: z.string(), message: z.string() });
export type WireError = z.infer<typeof WireError>;
