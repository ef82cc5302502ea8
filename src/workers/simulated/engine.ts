import { monotonicNs } from "../server/clock.js";
import { setTimeout as sleep } from "node:timers/promises";
import { SimulatedParams } from "../../schema/backend/simulated.js";
import { runClosedLoop } from "../../domain/closed-loop.js";
import { describeIssues, type WorkerConfig } from "../server/config.js";
import type { Engine, EngineInfo } from "../server/engine.js";
import { programVersion } from "../server/version.js";
import { visibleGpus } from "../server/visible-gpus.js";
import { simulatedGenerate } from "./generate.js";

const vocabularyTokens = 32_000;

/** "Loads" the simulated engine: takes the time, or goes wrong, as its parameters say. */
export async function loadSimulated(config: WorkerConfig, signal: AbortSignal): Promise<Engine> {
  const parsed = SimulatedParams.safeParse(config.params);
  if (!parsed.success) throw new Error(`simulated: ${describeIssues(parsed.error.issues)}`);
  const params = parsed.data;
  if (params.fault === "exit_at_start") {
    process.stderr.write("simulated fault: out of memory at start\n");
    process.exit(3);
  }
  await sleep(params.start_s * 1000, undefined, { signal });
  if (params.fault === "never_ready") await sleep(2 ** 31 - 1, undefined, { signal });
  const info = await describe(config, params);
  return {
    info: () => info,
    run: (request, emit, runSignal) =>
      runClosedLoop(request, {
        generate: simulatedGenerate(params, request.seed),
        emit,
        now: monotonicNs,
        signal: runSignal,
      }),
    close: async () => {},
  };
}

async function describe(config: WorkerConfig, params: SimulatedParams): Promise<EngineInfo> {
  return {
    ...(params.fault === "wrong_protocol" ? { protocol: "lem/wire/0" } : {}),
    engine: { name: "simulated", version: programVersion() },
    simulated: true,
    gpus: await visibleGpus(process.env),
    vocabulary_tokens: vocabularyTokens,
    effective: { ...params, model: config.model.id, dtype: config.dtype, sequences: config.max_concurrency },
    packages: { node: process.versions.node },
  };
}
