import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileStore } from "../../src/adapters/store/files/store.js";
import type { Lock } from "../../src/schema/lock.js";
import type { Result } from "../../src/schema/result.js";
import { temporaryFolder } from "../support/campaign-file.js";

const sha = "0".repeat(64);

const lock: Lock = {
  schema: "lem/lock/1",
  campaign: { id: "C1", name: "test", file_sha256: sha },
  plan_id: sha,
  created_at: "2026-01-01T00:00:00.000Z",
  tool: { name: "lem", version: "0" },
  cases: [],
  launches: [],
  images: {},
};

function failed(runId: string): Result {
  return {
    schema: "lem/result/1.0",
    status: "failed",
    run_id: runId,
    created_at: "2026-01-01T00:00:00.000Z",
    tool: { name: "lem", version: "0" },
    campaign: { name: "test", id: "C1", plan_id: sha, cycle: 1, launch_id: "L1", launch_index: 0, run_index: 0 },
    case: { id: sha, slug: "one", axes: {} },
    environment: { os: "x", cpu_model: "x", cpu_count: 1, memory_bytes: 1, node: "v20", gpus: [] },
    files: [],
    config: {
      requested: {},
      resolved: {
        backend: "simulated",
        runtime: "process",
        model: { id: "none" },
        dtype: "auto",
        gpus: "none",
        container: { shm_bytes: 1 << 30, gpu_driver: "nvidia" },
        workload: { dataset: "synthetic", input_tokens: 1, output_tokens: 1, prompts: 1, seed: 1 },
        scenario: "concurrency",
        concurrency: 1,
        window: { warmup_requests: 0, steady_s: 1, idle_s: 0 },
      },
    },
    error: { code: "WORKER_DIED", message: "gone" },
  };
}

const nothing = { requests: [], samples: [], log: "" };

describe("file store", () => {
  it("lists what was committed, oldest first, with the raw files named", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path);
    const campaign = await store.createCampaign(lock);
    await campaign.commit(failed("R2"), { ...nothing, log: "last words" });
    await campaign.commit(failed("R1"), nothing);
    const { results, unreadable } = await store.list();

    expect(results.map(({ result }) => result.run_id)).toEqual(["R1", "R2"]);
    expect(results[1]?.result.files).toMatchObject([{ path: "engine.log", bytes: 10 }]);
    expect(unreadable).toEqual([]);
  });

  it("takes result files for the truth: works without its index, and names files that it cannot read", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path);
    const campaign = await store.createCampaign(lock);
    await campaign.commit(failed("R1"), nothing);
    await writeFile(join(folder.path, "index.ndjson"), "torn");
    await mkdir(join(folder.path, "test/C1/runs/one/R2"), { recursive: true });
    await writeFile(join(folder.path, "test/C1/runs/one/R2/result.json"), '{"schema": "lem/resu');
    const { results, unreadable } = await store.list();

    expect(results.map(({ result }) => result.run_id)).toEqual(["R1"]);
    expect(unreadable).toEqual([join(folder.path, "test/C1/runs/one/R2/result.json")]);
  });

  it("appends to the journal line by line", async () => {
    await using folder = await temporaryFolder();
    const campaign = await fileStore(folder.path).createCampaign(lock);
    const at = "2026-01-01T00:00:00.000Z";
    await campaign.journal({ type: "campaign_start", at, pid: 1, runs: 0 });
    await campaign.journal({ type: "campaign_end", at, outcome: "finished" });
    const lines = (await readFile(join(campaign.directory, "journal.ndjson"), "utf8")).split("\n");

    expect(lines.map((line) => (line === "" ? "" : (JSON.parse(line) as { type: string }).type))).toEqual([
      "campaign_start",
      "campaign_end",
      "",
    ]);
  });

  it("refuses a folder that cannot be written", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "file"), "");
    await chmod(join(folder.path, "file"), 0o644);

    await expect(fileStore(join(folder.path, "file")).checkWritable()).rejects.toMatchObject({
      code: "OUTPUT_NOT_WRITABLE",
    });
  });
});
