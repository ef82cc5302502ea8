import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunEvent, WorkerInfo } from "../../src/schema/wire.js";
import { repository, startProgram, type Program } from "../support/program.js";
import { call, parseLines, runToEnd, settledHealth, someRun } from "../support/wire.js";

const models = join(tmpdir(), `lem-test-models-${String(process.pid)}`);
const tiny = join(models, "tiny.gguf");

beforeAll(async () => {
  const files = ["--dir", models, "--only", "tiny.gguf,tiny-f16.gguf"];
  await promisify(execFile)(process.execPath, [join(repository, "scripts/models.mjs"), ...files]);
});

afterAll(async () => rm(models, { recursive: true, force: true }));

interface Load {
  readonly path?: string;
  readonly dtype?: string;
  readonly params?: object;
  readonly maxConcurrency?: number;
}

function llamacpp({ path, dtype = "auto", params = { threads: 1 }, maxConcurrency = 4 }: Load): Program {
  const model = path === undefined ? { id: "tiny" } : { id: "tiny", path };
  const config = { model, dtype, params, max_concurrency: maxConcurrency, max_tokens: 200 };
  return startProgram("workers/llamacpp/main.js", { LEM_CONFIG: JSON.stringify(config) });
}

const infoOf = async (program: Program): Promise<WorkerInfo> =>
  WorkerInfo.parse(await (await call(program, "/v1/info")).body.json());

const prompt = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, index) => 300 + ((index * 31 + seed * 17) % 1_500));

describe("llama.cpp in a worker", () => {
  it("computes what it is asked for and says what it is", async () => {
    await using program = llamacpp({ path: tiny });
    expect(await settledHealth(program)).toEqual({ status: "ready" });
    const info = await infoOf(program);
    expect(info).toMatchObject({ simulated: false, engine: { name: "llama.cpp" }, vocabulary_tokens: 2_048, gpus: [] });
    expect(info.effective).toMatchObject({
      threads: 1,
      sequences: 4,
      context_tokens: 256, // llama.cpp rounds up
      batch_size: 512,
      flash_attention: "on",
      kv_cache_dtype: "f16",
      gpu: false,
      gpu_layers: 0,
      model_file: "tiny.gguf",
      weights: "Q8_0",
    });
    expect(Object.keys(info.packages).toSorted()).toEqual(["llama.cpp", "node", "node-llama-cpp"]);

    const prompts = [1, 2, 3].map((seed) => prompt(100, seed));
    for (const [run_id, scenario] of [
      ["a", "concurrency"],
      ["b", "offline"],
    ] as const) {
      const run = someRun({ run_id, scenario, concurrency: 4, prompts, output_tokens: 50, stop: { requests: 10 } });
      const events = await runToEnd(program, run);
      expect(events.at(-1)?.type).toBe("end");
      const done = events.filter((event) => event.type === "done");
      expect(done).toHaveLength(10);
      // The same prompts come again: a cache would show in the counts.
      for (const one of done) expect(one).toMatchObject({ input_tokens: 100, output_tokens: 50, cached_tokens: 0 });
      expect(events.filter(({ type }) => type === "tokens")).toHaveLength(500);
    }
  });

  it("uses the parameters that it is given", async () => {
    const params = { threads: 1, batch_size: 64, context_tokens: 600, flash_attention: "off", kv_cache_dtype: "f32" };
    await using program = llamacpp({
      path: models.concat("/tiny-f16.gguf"),
      params,
      dtype: "float16",
      maxConcurrency: 1,
    });
    await settledHealth(program);
    expect((await infoOf(program)).effective).toMatchObject({
      batch_size: 64,
      context_tokens: 768,
      flash_attention: "off",
      kv_cache_dtype: "f32",
      weights: "F16",
      sequences: 1,
    });
  });

  it("ends a run, and itself, in the middle of the work", async () => {
    await using program = llamacpp({ path: tiny });
    await settledHealth(program);
    const run = someRun({ concurrency: 4, prompts: [prompt(100, 1)], output_tokens: 100, stop: {} });
    const first = await call(program, "/v1/runs", { body: run });
    await sleep(200);
    await call(program, "/v1/stop", { method: "POST" });
    expect(parseLines(await first.body.text(), RunEvent).at(-1)).toMatchObject({ type: "failed", code: "aborted" });
    // What was aborted leaves nothing behind: the same sequences are used again.
    const events = await runToEnd(program, { ...run, run_id: "again", stop: { requests: 4 } });
    expect(events.filter(({ type }) => type === "done")).toHaveLength(4);

    const last = await call(program, "/v1/runs", { body: { ...run, run_id: "last" } });
    last.body.on("error", () => {});
    await sleep(200);
    const sent = performance.now();
    program.child.kill("SIGTERM");
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - sent).toBeLessThan(1_000);
  });

  it("shows a failed load in its health before it ends", async () => {
    await using program = llamacpp({ path: "/nowhere/model.gguf" });
    expect(await settledHealth(program)).toEqual({
      status: "failed",
      message: "model file not found: /nowhere/model.gguf",
    });
    expect(await program.exited).toEqual({ code: 70, signal: null });
  });

  it.each<[string, Load, RegExp]>([
    ["no path", {}, /^cannot load: model tiny has no path: /m],
    ["a folder without a model", { path: repository }, /^cannot load: .* holds 0 GGUF files; name one of them\n/m],
    ["another dtype than the file's", { path: tiny, dtype: "float16" }, /^cannot load: dtype float16 .* are Q8_0; /m],
    [
      "flags of another program",
      { path: tiny, params: { extra: { "--mlock": "" } } },
      /^cannot load: llamacpp\.extra /m,
    ],
    [
      "a context that is too small",
      { path: tiny, params: { context_tokens: 100 } },
      /^cannot load: llamacpp\.context_tokens 100 /m,
    ],
    [
      "a GPU where there is none",
      { path: tiny, params: { gpu_layers: "all" } },
      /^cannot load: llamacpp\.gpu_layers /m,
    ],
    ["a file that is no model", { path: join(models, "text.gguf") }, /^cannot load: .+\n/m],
  ])("%s: one clear line and exit code 70", async (_name, load, line) => {
    await mkdir(models, { recursive: true });
    await writeFile(join(models, "text.gguf"), "this is not a model");
    await using program = llamacpp(load);
    expect(await program.exited).toEqual({ code: 70, signal: null });
    expect(program.stderr()).toMatch(line);
  });
});
