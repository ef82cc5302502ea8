import { execFileSync } from "node:child_process";
import { readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { Result, type FinishedResult } from "../../src/schema/result.js";
import { temporaryFolder } from "../support/campaign-file.js";
import { lem as runLem, startLem as start, type Finished, type RunningLem } from "../support/lem.js";
import { errorsAgainst } from "../support/result-schema.js";
import { docker, gpu0, gpu1, ownedBy } from "./engine.js";

const quick = ["--set", "window.steady_s=1", "--set", "window.idle_s=0.3", "--set", "window.warmup_requests=1"];
const campaign = (folder: string, ...more: string[]): string[] => [
  "campaign",
  "run",
  "campaigns/containers.yaml",
  "-o",
  folder,
  ...quick,
  ...more,
];

// Leases of its own, so that other controllers of this host do not get in the way.
const secret = "hf_test_secret_of_this_suite";
const env = {
  HF_TOKEN: secret,
  LEM_LEASES: join(tmpdir(), `lem-test-leases-${String(process.pid)}`),
};
const lem = async (args: readonly string[]): Promise<Finished> => runLem(args, env);
const startLem = (args: readonly string[]): RunningLem => start(args, env);

afterAll(async () => rm(env.LEM_LEASES, { recursive: true, force: true }));

async function results(folder: string): Promise<Result[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith("result.json"));
  const texts = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as unknown),
  );
  for (const text of texts) expect(errorsAgainst("result-1", text)).toEqual([]);
  return texts.map((text) => Result.parse(text));
}

function finished(result: Result | undefined): FinishedResult {
  if (result === undefined || result.status === "failed") throw new Error(result?.error.message ?? "no result");
  return result;
}

describe("a campaign in containers", () => {
  it("measures two backends, each on its own GPU with its own sidecar, one launch per cycle, and leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const { code, stderr, pid } = await lem(campaign(folder.path));
    const all = (await results(folder.path)).map(finished);

    expect(code, stderr).toBe(0);
    expect(await ownedBy(pid)).toEqual([]);
    expect(all.length).toBe(8);
    expect(new Set(all.map((result) => result.campaign.launch_id)).size).toBe(4);
    const of = (backend: string): FinishedResult[] =>
      all.filter((result) => result.config.resolved.backend === backend);
    for (const [backend, uuid, drive] of [
      ["llamacpp", gpu0, "openai-http"],
      ["pytorch", gpu1, "engine-api"],
    ] as const) {
      for (const result of of(backend)) {
        expect(result).toMatchObject({ status: "flagged", simulated: true, drive, gpus: { requested: [uuid] } });
        expect(result.gpus.seen_inside.map((gpu) => gpu.uuid)).toEqual([uuid]);
        expect(result.provenance.image?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(result.provenance.sidecar?.image_digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(Object.keys(result.config.effective).length).toBeGreaterThan(3);
        expect(result.windows.map((window) => window.name)).toEqual(
          expect.arrayContaining(["idle_bare", "idle_loaded", "warmup", "steady"]),
        );
        expect(result.metrics.energy_per_output_token_j).toMatchObject({
          status: "simulated",
          value: expect.any(Number) as number,
        });
        expect(result.metrics.output_tokens_per_s.status).toBe("measured");
        expect(result.quality.map((flag) => flag.code)).toEqual(["E106", "W304"]);
        expect(result.files.map((file) => file.path)).toEqual(
          expect.arrayContaining(["requests.parquet", "tokens.parquet", "power.parquet", "engine.log"]),
        );
      }
    }
    for (const file of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) expect(await readFile(join(file.parentPath, file.name), "latin1")).not.toContain(secret);
    }
    // Token-identical work, whatever the backend.
    expect(new Set(all.map((result) => result.prompts_sha256)).size).toBe(1);
  });

  it("runs without GPUs when it is told to, and says why there is no energy", async () => {
    await using folder = await temporaryFolder();
    const { code } = await lem(
      campaign(
        folder.path,
        "--set",
        "gpus=none",
        "--set",
        "repeat.cycles=1",
        "--set",
        'exclude=[{"backend":"pytorch"}]',
      ),
    );
    const [first] = (await results(folder.path)).map(finished);

    expect(code).toBe(0);
    expect(first?.simulated).toBe(false);
    expect(first?.metrics.energy_gpu_j).toMatchObject({ status: "unavailable", reason: "no_gpu_requested" });
  });
});

describe("the end of a campaign", () => {
  it.each([
    ["while the backend starts", 400],
    ["in the middle of a measurement", 4_000],
  ])("Ctrl-C %s removes containers and networks", async (_when, ms) => {
    await using folder = await temporaryFolder();
    const running = startLem(campaign(folder.path, "--set", "window.steady_s=30"));
    await running.says("launch of");
    await delay(ms);
    expect((await ownedBy(running.pid)).length).toBeGreaterThan(0);
    running.signal("SIGINT");
    const { code, stderr } = await running.finished;

    expect(code, stderr).toBe(130);
    expect(await ownedBy(running.pid)).toEqual([]);
  });

  it("a killed controller's leftovers are swept by the next one, and nobody else's", async () => {
    await using folder = await temporaryFolder();
    const running = startLem(campaign(folder.path, "--set", "window.steady_s=30"));
    await running.says("launch of");
    await delay(4_000);
    running.signal("SIGKILL");
    await running.finished;
    const orphans = await ownedBy(running.pid);
    const stranger = await docker.createContainer({ name: "lem-stranger", Image: "lem/sidecar:dev" });

    const flags = ["--set", "repeat.cycles=1", "--set", 'exclude=[{"backend":"pytorch"}]'];
    const next = await lem(campaign(folder.path, ...flags));
    const strangerLives = await stranger.inspect().then(() => true);
    await stranger.remove();

    expect(orphans.length).toBe(3);
    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr).toContain("removed leftovers of a dead controller");
    expect([...(await ownedBy(running.pid)), ...(await ownedBy(next.pid))]).toEqual([]);
    expect(strangerLives).toBe(true);
  });
});

describe("what can go wrong with containers", () => {
  it.each([
    [
      "no such image",
      ["--set", "image=lem/nowhere:dev"],
      6,
      /image lem\/nowhere:dev is not on this engine {2}\[IMAGE_MISSING\]/,
    ],
    [
      "no such GPU",
      ["--set", 'gpus=["GPU-00000000-0000-4000-8000-00000000dead"]'],
      6,
      /\[GPU_NOT_FOUND\]\n.*it has GPU-5111e7ed/,
    ],
    ["a GPU that is not there", ["--set", "gpus=9"], 6, /has no GPU 4, 5, 6, 7, 8 {2}\[GPU_NOT_FOUND\]/],
  ])("%s", async (_name, args, exitCode, message) => {
    await using folder = await temporaryFolder();
    const { code, stderr, pid } = await lem(campaign(folder.path, ...args));

    expect(code).toBe(exitCode);
    expect(stderr).toMatch(message);
    expect(await results(folder.path)).toEqual([]);
    expect(await ownedBy(pid)).toEqual([]);
  });

  it("a backend that dies at start is a failed run with its log, and leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const flags = ["--set", "repeat.cycles=1", "--set", 'llamacpp.extra={"no-such-flag":""}'];
    const { code, pid } = await lem(campaign(folder.path, ...flags));
    const all = await results(folder.path);
    const failed = all.filter((result) => result.status === "failed");

    expect(code).toBe(7);
    expect(all.length).toBe(4);
    expect(failed.map((result) => result.case.slug).toSorted()).toEqual(["llamacpp-c1", "llamacpp-c4"]);
    expect(failed[0]?.error).toMatchObject({
      code: "WORKER_DIED",
      log_tail: expect.stringContaining("no-such-flag") as string,
    });
    expect(await ownedBy(pid)).toEqual([]);
  });

  it("an image that speaks another protocol is refused", async () => {
    const answer = "s.end(JSON.stringify(q.url==='/v1/health'?{status:'ready'}:{protocol:'lem/wire/0'}))";
    const server = `require('http').createServer((q,s)=>${answer}).listen(8000)`;
    const dockerfile = `FROM lem/sidecar:dev\nENTRYPOINT ${JSON.stringify(["node", "-e", server])}\n`;
    execFileSync("docker", ["build", "-q", "-t", "lem-test/other-protocol", "-"], {
      input: dockerfile,
      stdio: ["pipe", "ignore", "ignore"],
    });
    await using folder = await temporaryFolder();
    const only = ["backend=pytorch", 'axes={"concurrency":[1]}', "image=lem-test/other-protocol", "repeat.cycles=1"];
    const { code, stdout, pid } = await lem(campaign(folder.path, ...only.flatMap((setting) => ["--set", setting])));
    await docker.getImage("lem-test/other-protocol").remove();

    expect(code).toBe(8);
    expect(stdout).toMatch(/speaks lem\/wire\/0, this lem speaks lem\/wire\/1 \[PROTOCOL_MISMATCH\]/);
    expect(await ownedBy(pid)).toEqual([]);
  });
});
