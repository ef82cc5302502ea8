import { readdirSync, readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Result } from "../../src/schema/result.js";
import { campaignFile, simulatedCampaign } from "../support/campaign-file.js";
import { lem, startLem } from "../support/lem.js";
import { errorsAgainst } from "../support/result-schema.js";

async function results(folder: string): Promise<Result[]> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.filter((name) => name.endsWith("result.json")).map((name) => join(folder, name));
  const texts = await Promise.all(paths.map(async (path) => JSON.parse(await readFile(path, "utf8")) as unknown));
  for (const text of texts) expect(errorsAgainst("result-1", text)).toEqual([]);
  return texts.map((text) => Result.parse(text));
}

/** Inherited by everything that a test starts, so that its processes can be told from others. */
const mark = `LEM_TEST_MARK=${String(process.pid)}`;
const env = { LEM_TEST_MARK: String(process.pid) };

/** Workers and sidecars that were started by these tests and still run. */
function workers(): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const isProgram = /dist\/(workers|sidecar)\//.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      return isProgram && readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}

describe("a run that fails is a row with a code", () => {
  it.each([
    ["exit_at_start", 7, "WORKER_DIED", /simulated fault: out of memory at start/],
    ["wrong_protocol", 8, "PROTOCOL_MISMATCH", /lem\/wire\/0/],
    ["exit_in_run", 7, "WORKER_DIED", /ended/],
  ])("%s ends with %d", async (fault, exitCode, code, message) => {
    await using file = await campaignFile(simulatedCampaign(`concurrency: 2`));
    const { code: ended, stdout } = await lem(
      ["campaign", "run", file.path, "-o", file.folder, "--set", `simulated.fault=${fault}`],
      env,
    );
    const [result] = await results(file.folder);

    expect(ended).toBe(exitCode);
    expect(result).toMatchObject({
      status: "failed",
      error: { code, message: expect.stringMatching(message) as string },
    });
    expect(stdout).toContain(code);
    expect(workers()).toEqual([]);
  });

  it("a run that takes its backend with it fails alone: the next one gets a launch of its own", async () => {
    await using file = await campaignFile(simulatedCampaign("axes: { concurrency: [1, 2] }"));
    await lem(["campaign", "run", file.path, "-o", file.folder, "--set", "simulated.fault=exit_in_run"], env);
    const all = await results(file.folder);

    expect(all.map((result) => result.status)).toEqual(["failed", "failed"]);
    expect(new Set(all.map((result) => result.campaign.launch_id)).size).toBe(2);
  });

  it("a backend that never gets ready is given up", async () => {
    await using file = await campaignFile(simulatedCampaign());
    const args = ["campaign", "run", file.path, "-o", file.folder, "--set", "simulated.fault=never_ready"];
    const { code } = await lem(args, { ...env, LEM_READY_S: "1" });

    expect(code).toBe(7);
    expect(await results(file.folder)).toMatchObject([{ status: "failed", error: { code: "WORKER_NOT_READY" } }]);
    expect(workers()).toEqual([]);
  });

  it("the other cases of a campaign go on", async () => {
    await using file = await campaignFile(simulatedCampaign("axes: { simulated.fault: [exit_at_start, none] }"));
    const { code } = await lem(["campaign", "run", file.path, "-o", file.folder]);
    const statuses = (await results(file.folder)).map((result) => result.status);

    expect(code).toBe(7);
    expect(statuses.toSorted()).toEqual(["failed", "flagged"]);
  });
});

describe("findings about a run", () => {
  it.each([
    ["error_in_run", "E301"],
    ["short_output", "E302"],
  ])("%s raises %s", async (fault, flag) => {
    await using file = await campaignFile(simulatedCampaign());
    const { code } = await lem(
      ["campaign", "run", file.path, "-o", file.folder, "--set", `simulated.fault=${fault}`],
      env,
    );
    const [result] = await results(file.folder);

    expect(code).toBe(5);
    expect(result?.status === "flagged" && result.quality.map((each) => each.code)).toContain(flag);
  });
});

describe("interruption", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends the backend, stores no half result and exits with %d", async (signal, exitCode) => {
    await using file = await campaignFile(simulatedCampaign("axes: { concurrency: [1, 2] }"));
    const set = ["--set", "window.requests=1000", "--set", "window.steady_s=60"];
    const running = startLem(["campaign", "run", file.path, "-o", file.folder, ...set], env);
    await running.says("launch of");
    await delay(1_000);
    running.signal(signal);
    const { code, stderr } = await running.finished;

    expect(code).toBe(exitCode);
    expect(stderr).toContain("interrupted");
    expect(await results(file.folder)).toEqual([]);
    expect(workers()).toEqual([]);
  });

  it("nobody listening any more does not keep it from cleaning up", async () => {
    await using file = await campaignFile(simulatedCampaign());
    const set = ["--set", "window.requests=1000", "--set", "window.steady_s=60"];
    const running = startLem(["campaign", "run", file.path, "-o", file.folder, ...set], env);
    await running.says("launch of");
    running.closeOutput();
    running.signal("SIGTERM");

    expect((await running.finished).code).toBe(143);
    expect(workers()).toEqual([]);
  });

  it("a killed controller leaves no process", async () => {
    await using file = await campaignFile(simulatedCampaign());
    const set = ["--set", "window.requests=10000", "--set", "window.steady_s=60"];
    const running = startLem(["campaign", "run", file.path, "-o", file.folder, ...set], env);
    await running.says("launch of");
    await delay(1_000);
    expect(workers().length).toBe(1);
    running.signal("SIGKILL");
    await running.finished;
    await delay(1_500);

    expect(workers()).toEqual([]);
  });
});
