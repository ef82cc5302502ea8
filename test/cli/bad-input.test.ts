import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { campaignFile, simulatedCampaign } from "../support/campaign-file.js";
import { lem } from "../support/lem.js";

interface Failure {
  readonly ok: false;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly exit_code: number;
    readonly problems?: readonly { readonly code: string }[];
  };
}

/** Runs a campaign that cannot work, for people and with --json, and checks that both tell the same. */
async function refused(text: string, options: { args?: string[]; env?: Record<string, string> } = {}) {
  await using file = await campaignFile(text);
  const output = join(file.folder, "out");
  const args = ["campaign", "run", file.path, "-o", output, ...(options.args ?? [])];
  const human = await lem(args, options.env);
  const machine = await lem([...args, "--json"], options.env);
  const { error } = JSON.parse(machine.stdout) as Failure;

  expect(machine.code).toBe(human.code);
  expect(error.exit_code).toBe(human.code);
  const codes = error.problems?.map((problem) => problem.code) ?? [error.code];
  for (const code of codes) expect(human.stderr).toContain(code);
  expect(human.stderr).toMatch(/→ /);
  expect(human.stderr).not.toMatch(/\n {4}at |node_modules/);
  const left = await readdir(output, { recursive: true }).catch(() => []);
  expect(left.filter((name) => name.includes("result") || name.includes("lock"))).toEqual([]);
  return { code: human.code, text: human.stderr, error };
}

describe("bad input is refused before anything starts", () => {
  it("unknown key", async () => {
    const { code, text } = await refused(simulatedCampaign("matrx: {}"));

    expect(code).toBe(2);
    expect(text).toMatch(
      /grid\.yaml:10:1 {2}error {2}unknown key "matrx" {2}\[CAMPAIGN_INVALID\]\n +10 \| matrx: \{\}\n +\| \^/,
    );
  });

  it("no such file", async () => {
    expect(await lem(["campaign", "run", "no-such.yaml"])).toMatchObject({ code: 2, stdout: "" });
  });

  it("missing model file", async () => {
    const { code, text } = await refused(simulatedCampaign().replace("id: none", "id: x, path: nowhere.gguf"));

    expect(code).toBe(6);
    expect(text).toMatch(/grid\.yaml:5:\d+ {2}error {2}there is no model at nowhere\.gguf {2}\[MODEL_NOT_FOUND\]/);
  });

  it("no Docker Engine", async () => {
    const text = simulatedCampaign()
      .replace("runtime: process", "runtime: docker")
      .replace("backend: simulated", "backend: llamacpp");
    const { code, error } = await refused(text, { env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } });

    expect(code).toBe(6);
    expect(error).toMatchObject({ code: "DOCKER_UNREACHABLE", hint: expect.stringMatching(/DOCKER_HOST/) as string });
  });

  it("no GPU on this host", async () => {
    const { code, text } = await refused(simulatedCampaign("gpus: 1"), {
      env: { LEM_NVML_LIBRARY: "/nowhere/libnvidia-ml.so.1" },
    });

    expect(code).toBe(6);
    expect(text).toMatch(/grid\.yaml:10:1 .*NVML not found.*\[GPU_NOT_AVAILABLE\]/);
  });

  it("no GPU with that UUID", async () => {
    const uuid = "GPU-00000000-0000-4000-8000-00000000dead";
    const env = { LEM_NVML_LIBRARY: "build/gpu-host/libnvidia-ml.so.1" };
    const { code, text } = await refused(simulatedCampaign(`gpus: [${uuid}]`), { env });

    expect(code).toBe(6);
    expect(text).toMatch(/this host has no GPU GPU-0+-0000-4000-8000-0+dead {2}\[GPU_NOT_FOUND\]/);
    expect(text).toMatch(/it has GPU-5111e7ed/);
  });

  it("results folder that cannot be written", async () => {
    await using file = await campaignFile(simulatedCampaign());
    const blocked = join(file.folder, "a-file");
    await writeFile(blocked, "");
    const { code, stderr } = await lem(["campaign", "run", file.path, "-o", blocked]);

    expect(code).toBe(6);
    expect(stderr).toMatch(/cannot write results below .*a-file {2}\[OUTPUT_NOT_WRITABLE\]/);
  });

  it("several things at once are told at once", async () => {
    const text = simulatedCampaign("gpus: 1").replace("id: none", "id: x, path: nowhere.gguf");
    const { code, text: told } = await refused(text, { env: { LEM_NVML_LIBRARY: "/nowhere/libnvidia-ml.so.1" } });

    expect(code).toBe(6);
    expect(told).toContain("MODEL_NOT_FOUND");
    expect(told).toContain("GPU_NOT_AVAILABLE");
  });

  it.each([
    [["campaign", "run"], /Missing 1 required arg/],
    [["campaign", "run", "x.yaml", "--nope"], /Nonexistent flag: --nope/],
    [["campain"], /campain/],
    [["campaign", "run", "campaigns/quickstart.yaml", "--set", "gpus"], /--set path=value/],
  ])("wrong usage %j", async (args, message) => {
    const { code, stderr, stdout } = await lem(args);

    expect(code).toBe(2);
    expect(stderr + stdout).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});
