import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LemError, planFile, wire } from "../../src/index.js";
import { campaignFile } from "../support/campaign-file.js";

const head = "schema: lem/campaign/1\nname: test\nbackend: simulated\nruntime: process\nmodel: { id: none }\n";

async function plan(text: string, set: string[] = []) {
  await using file = await campaignFile(text);
  return await planFile(wire(), file.path, { set });
}

async function problemsOf(text: string, set: string[] = []): Promise<readonly LemError[]> {
  const error = await plan(text, set).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LemError)) throw new Error(`expected a LemError, got ${String(error)}`);
  return error.problems.length > 0 ? error.problems : [error];
}

describe("shipped campaigns", async () => {
  const files = await readdir("campaigns");

  it.each(files)("%s expands", async (file) => {
    const { cases, launches } = await planFile(wire(), join("campaigns", file));

    expect(cases.length).toBeGreaterThan(0);
    expect(launches.length).toBeGreaterThan(0);
    expect(await readFile(join("campaigns", file), "utf8")).toContain("schema: lem/campaign/1");
  });
});

describe("a good file", () => {
  it("groups cases that need no restart into one launch", async () => {
    const { cases, launches } = await plan(
      `${head}axes: { simulated.start_s: [0, 1], concurrency: [1, 2, 4] }\nrepeat: { cycles: 2 }\n`,
    );

    expect(cases.length).toBe(6);
    expect(launches.map((launch) => launch.cases.length)).toEqual([3, 3, 3, 3]);
  });

  it("gives a case the same id wherever it stands, and another one for other work", async () => {
    const ids = async (text: string): Promise<string[]> => (await plan(head + text)).cases.map((planned) => planned.id);

    expect(await ids("concurrency: 4\n")).toEqual(await ids("axes: { concurrency: [4] }\n"));
    expect(await ids("concurrency: 4\nworkload: {}\n")).toEqual(await ids("concurrency: 4\nrepeat: { seed: 9 }\n"));
    expect(await ids("concurrency: 4\n")).not.toEqual(await ids("concurrency: 5\n"));
  });

  it("leaves out the parameters of other backends and paths of this host from the id", async () => {
    const ids = async (text: string): Promise<string[]> => (await plan(text)).cases.map((planned) => planned.id);

    expect(await ids(`${head}pytorch: { compile: true }\n`)).toEqual(await ids(head));
    expect(await ids(head.replace("id: none", "id: none, path: x"))).toEqual(await ids(head));
  });

  it("takes settings over everything in the file", async () => {
    const { cases, launches } = await plan(`${head}axes: { concurrency: [1] }\nrepeat: { cycles: 3 }\n`, [
      "concurrency=7",
      "repeat.cycles=1",
    ]);

    expect(cases[0]?.config.concurrency).toBe(7);
    expect(launches.length).toBe(1);
  });
});

describe("a bad file", () => {
  it.each([
    ["unknown key", `${head}matrx: 1\naxis: {}\n`, "CAMPAIGN_INVALID", /unknown key "axis"/, 7, /did you mean "axes"/],
    [
      "unknown nested key",
      `${head}workload:\n  input_token: 3\n`,
      "CAMPAIGN_INVALID",
      /unknown key "input_token"/,
      7,
      /did you mean "input_tokens"/,
    ],
    [
      "unknown axis",
      `${head}axes:\n  concurency: [1]\n`,
      "CAMPAIGN_INVALID",
      /unknown key "concurency"/,
      7,
      /did you mean "concurrency"/,
    ],
    ["wrong type", `${head}concurrency: many\n`, "CAMPAIGN_INVALID", /concurrency: .*number/, 6, /docs/],
    [
      "wrong value on an axis",
      `${head}axes:\n  concurrency:\n    - 1\n    - none\n`,
      "CAMPAIGN_INVALID",
      /concurrency/,
      9,
      /docs/,
    ],
    [
      "wrong value in an override",
      `${head}overrides:\n  - match: { backend: simulated }\n    set: { dtype: int3 }\n`,
      "CAMPAIGN_INVALID",
      /dtype/,
      8,
      /docs/,
    ],
    ["empty axis", `${head}axes: { concurrency: [] }\n`, "CAMPAIGN_INVALID", /at least one value/, 6, /docs/],
    [
      "nothing left",
      `${head}axes: { concurrency: [1, 2] }\nexclude:\n  - { backend: simulated }\n`,
      "CAMPAIGN_EMPTY",
      /no cases left/,
      7,
      /exclude/,
    ],
    ["duplicate key", `${head}name: again\n`, "CAMPAIGN_SYNTAX", /duplicat/, 6, /once/],
    ["not YAML", `${head}axes: { concurrency: [1\n`, "CAMPAIGN_SYNTAX", /YAML/, undefined, /brackets/],
    ["a case twice", `${head}axes:\n  concurrency: [2, 2]\n`, "CAMPAIGN_INVALID", /same case/, 7, /repeated value/],
    [
      "an axis without effect",
      `${head}axes:\n  pytorch.compile: [true, false]\n`,
      "CAMPAIGN_INVALID",
      /same case/,
      7,
      /another backend/,
    ],
    [
      "runtime that the backend does not have",
      head.replace("process", "docker"),
      "CAMPAIGN_INVALID",
      /simulated runs in process, not in docker/,
      4,
      /docs/,
    ],
    [
      "type that the engine cannot choose",
      head.replace("simulated", "llamacpp") + "dtype: float16\n",
      "CAMPAIGN_INVALID",
      /from the model file/,
      6,
      /docs/,
    ],
    ["bad GPU", `${head}gpus: [GPU-x]\n`, "CAMPAIGN_INVALID", /UUID/, 6, /docs/],
  ])("%s", async (_name, text, code, message, line, hint) => {
    const problems = await problemsOf(text);
    const fitting = problems.filter((problem) => message.test(problem.message));

    expect(problems.map((problem) => problem.code)).toContain(code);
    expect(fitting.length, problems.map((problem) => problem.message).join("; ")).toBe(1);
    expect(fitting[0]?.hint).toMatch(hint);
    expect(fitting[0]?.place?.file).toMatch(/grid\.yaml$/);
    if (line !== undefined) expect(fitting[0]?.place?.line).toBe(line);
    expect(fitting[0]?.exitCode).toBe(2);
  });

  it("tells all problems at once", async () => {
    const problems = await problemsOf(`${head}concurrency: 0\nscenario: fast\nworkload: { seed: -1 }\n`);

    expect(problems.map((problem) => problem.place?.line)).toEqual([8, 7, 6]);
  });

  it("names the setting when that is the cause", async () => {
    const [problem] = await problemsOf(head, ["concurrency=none"]);

    expect(problem?.place).toEqual({ file: "--set concurrency", key: "concurrency" });
  });

  it("says when the file is not there", async () => {
    await expect(planFile(wire(), "no-such.yaml")).rejects.toMatchObject({ code: "CAMPAIGN_NOT_FOUND", exitCode: 2 });
  });
});
