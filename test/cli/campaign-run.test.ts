import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { Result } from "../../src/schema/result.js";
import { campaignFile, simulatedCampaign } from "../support/campaign-file.js";
import { lem } from "../support/lem.js";
import { errorsAgainst } from "../support/result-schema.js";

interface Envelope {
  readonly ok: boolean;
  readonly data: { readonly directory: string; readonly exit_code: number };
}

async function resultFiles(directory: string): Promise<string[]> {
  const files = await readdir(directory, { recursive: true });
  return files.filter((file) => file.endsWith("result.json")).map((file) => join(directory, file));
}

describe("lem campaign run", () => {
  it("stores every run with its raw files, a lock and a journal, and prints one table", async () => {
    await using file = await campaignFile(simulatedCampaign("axes: { concurrency: [1, 2] }"));
    const { code, stdout, stderr } = await lem([
      "campaign",
      "run",
      file.path,
      "-o",
      join(file.folder, "out"),
      "--set",
      "repeat.cycles=2",
    ]);

    expect(stderr).toMatch(/4 runs in 2 launches/);
    expect(stdout).toMatch(/^case +launches +output tok\/s/m);
    expect(stdout).toMatch(/test-c1|c1/);
    expect(stdout).toContain("sim: simulated values, not measurements");
    expect(code).toBe(0);

    const files = await resultFiles(join(file.folder, "out"));
    expect(files.length).toBe(4);
    for (const path of files) {
      const text: unknown = JSON.parse(await readFile(path, "utf8"));
      expect(errorsAgainst("result-1", text)).toEqual([]);
      const result = Result.parse(text);
      expect(result).toMatchObject({ status: "flagged", simulated: true, drive: "engine-api" });
      for (const { path: raw, sha256 } of result.files) {
        const content = await readFile(join(dirname(path), raw));
        expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
      }
    }
    const campaign = dirname(dirname(dirname(dirname(files[0] ?? ""))));
    expect(errorsAgainst("lock-1", JSON.parse(await readFile(join(campaign, "campaign.lock.json"), "utf8")))).toEqual(
      [],
    );
    const journal = (await readFile(join(campaign, "journal.ndjson"), "utf8")).trim().split("\n");
    const types = journal.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.at(0)).toBe("campaign_start");
    expect(types.filter((type) => type === "run_end").length).toBe(4);
    expect(types.at(-1)).toBe("campaign_end");
  });

  it("lets every latency and count be computed again from the files beside the result", async () => {
    await using file = await campaignFile(simulatedCampaign("concurrency: 2"));
    await lem(["campaign", "run", file.path, "-o", file.folder]);
    const [path = ""] = await resultFiles(file.folder);
    const result = Result.parse(JSON.parse(await readFile(path, "utf8")));
    if (result.status === "failed") throw new Error(result.error.message);
    const read = async (name: string): Promise<Record<string, unknown>[]> => {
      const content = await readFile(join(dirname(path), name));
      return parquetReadObjects({ file: new Uint8Array(content).buffer });
    };
    const requests = await read("requests.parquet");
    const tokens = await read("tokens.parquet");
    const steady = result.windows.find((window) => window.name === "steady");
    const inside = tokens.filter(
      ({ t_ns }) =>
        BigInt(String(t_ns)) >= BigInt(steady?.start_ns ?? 0) && BigInt(String(t_ns)) <= BigInt(steady?.end_ns ?? 0),
    );
    const ttft = requests.map(
      (row) => Number(BigInt(String(row["first_token_ns"])) - BigInt(String(row["sent_ns"]))) / 1e6,
    );

    expect(requests.length).toBe(6);
    expect(result.metrics.output_tokens_count).toEqual({
      status: "simulated",
      value: inside.reduce((sum, { n }) => sum + Number(n), 0),
    });
    expect(result.distributions.ttft_ms).toMatchObject({ n: 6, min: Math.min(...ttft), max: Math.max(...ttft) });
  });

  it("never overwrites an earlier campaign", async () => {
    await using file = await campaignFile(simulatedCampaign());
    await lem(["campaign", "run", file.path, "-o", file.folder]);
    await lem(["campaign", "run", file.path, "-o", file.folder]);

    expect((await resultFiles(file.folder)).length).toBe(2);
  });

  it("gives one JSON envelope on stdout with --json, and the same exit code", async () => {
    await using file = await campaignFile(simulatedCampaign());
    const { code, stdout } = await lem(["campaign", "run", file.path, "-o", file.folder, "--json"]);
    const envelope = JSON.parse(stdout) as Envelope;

    expect(envelope).toMatchObject({ schema: "lem/envelope/1", ok: true, data: { exit_code: 0 } });
    expect(code).toBe(0);
  });
});

describe("lem campaign plan", () => {
  it("shows cases, runs and order and starts nothing", async () => {
    const { code, stdout } = await lem(["campaign", "plan", "campaigns/quickstart.yaml"]);

    expect(code).toBe(0);
    expect(stdout).toContain("4 cases × 3 cycles = 12 runs in 6 launches");
    expect(stdout).toContain("Nothing was started.");
  });

  it("gives the same ids in every run of it", async () => {
    const ids = async (): Promise<unknown> => {
      const { stdout } = await lem(["campaign", "plan", "campaigns/containers.yaml", "--json"]);
      return (JSON.parse(stdout) as { data: unknown }).data;
    };

    expect(await ids()).toEqual(await ids());
  });

  it("accepts what editors accept: shipped campaigns fit the published JSON Schema", async () => {
    for (const file of await readdir("campaigns")) {
      expect(errorsAgainst("campaign-1", load(await readFile(join("campaigns", file), "utf8"))), file).toEqual([]);
    }
  });
});

describe("lem results", () => {
  it("lists and shows what is stored", async () => {
    await using file = await campaignFile(simulatedCampaign());
    await lem(["campaign", "run", file.path, "-o", file.folder]);
    const listed = await lem(["results", "ls", "-o", file.folder]);
    const shown = await lem(["results", "show", "last", "-o", file.folder]);

    expect(listed.stdout).toMatch(/flagged/);
    expect(shown.stdout).toMatch(/output_tokens_per_s +[\d.]+ sim/);
    expect(shown.stdout).toContain("SIMULATED");
    expect(shown.stdout).toMatch(/energy_gpu_j +unavailable \(no_gpu_requested\)/);
  });

  it("says so when there is nothing, and when there is no such result", async () => {
    await using file = await campaignFile("");

    expect((await lem(["results", "ls", "-o", file.folder])).stdout).toContain("no results yet");
    expect(await lem(["results", "show", "01K", "-o", file.folder])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("lem demo", () => {
  it("shows a whole campaign with energy, and says SIMULATED wherever there is a number", async () => {
    await using file = await campaignFile("");
    const { code, stdout, stderr } = await lem(["demo", "-o", file.folder]);

    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^SIMULATED/);
    expect(stdout).toMatch(/^SIMULATED$/m);
    const rows = stdout.split("\n").filter((line) => /^c[18] /.test(line));
    expect(rows.length).toBe(2);
    for (const row of rows) expect(row.match(/ sim/g)?.length).toBe(4);
  });
});
