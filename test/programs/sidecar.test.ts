import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { counterEdges, energyByCounter } from "../../src/domain/energy.js";
import { ClockReading, Health, Sample, SidecarInfo, WireError, wireProtocol } from "../../src/schema/wire.js";
import { simulatedGpuHost, type GpuHost } from "../support/gpu-host.js";
import { isAlive, startProgram, type Program } from "../support/program.js";
import { call, parseLines } from "../support/wire.js";

let host: GpuHost;
beforeAll(async () => {
  host = await simulatedGpuHost();
});

const sidecar = (env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Program =>
  startProgram("sidecar/main.js", { LEM_NVML_LIBRARY: host.library, ...env }, args);

const samplesFrom = async (program: Program, query: string): Promise<Sample[]> =>
  parseLines(await (await call(program, `/v1/samples?${query}`)).body.text(), Sample);

describe("sampling", () => {
  it("measures the energy of every GPU within 1 % of the truth", async () => {
    await using program = sidecar();
    const info = SidecarInfo.parse(await (await call(program, "/v1/info")).body.json());
    expect(info).toMatchObject({ protocol: wireProtocol, simulated: true, period_ms: 10 });
    expect(info.gpus.map(({ uuid }) => uuid)).toEqual(host.uuids);
    expect(info.gpus.every((gpu) => gpu.energy_counter && gpu.power_limit_w === 700)).toBe(true);

    await sleep(200);
    const startNs = process.hrtime.bigint();
    await sleep(5_200);
    const endNs = process.hrtime.bigint();
    await sleep(200);

    const samples: Sample[] = [];
    for (;;) {
      const more = await samplesFrom(program, `cursor=${samples.length}&limit=300`);
      samples.push(...more);
      if (more.length === 0) break;
      expect(more.length).toBeLessThanOrEqual(300);
    }
    expect(samples.map(({ seq }) => seq)).toEqual(samples.map((_, index) => index));
    for (const [gpu, uuid] of host.uuids.entries()) {
      const own = samples.filter((sample) => sample.gpu_uuid === uuid);
      expect(own.length).toBeGreaterThan(450);
      expect(own.filter((sample) => sample.temperature_celsius === 45 + gpu).length).toBeGreaterThanOrEqual(5);
      expect(own.filter((sample) => sample.memory_used_bytes !== null).length).toBeLessThan(own.length / 50);
      const measured = energyByCounter(counterEdges(own), { startNs, endNs });
      const truth = host.trueJoules(gpu, startNs, endNs);
      const joules = measured.status === "known" ? measured.energyJ : Number.NaN;
      expect(Math.abs(joules / truth - 1)).toBeLessThan(0.01);
    }
  });

  it("takes only the GPUs that it is given", async () => {
    await using program = sidecar({ LEM_GPU_UUIDS: [host.uuids[3], host.uuids[1]].join(","), LEM_PERIOD_MS: "5" });
    const info = SidecarInfo.parse(await (await call(program, "/v1/info")).body.json());
    expect(info.gpus.map(({ uuid }) => uuid)).toEqual([host.uuids[1], host.uuids[3]]);
    const samples = await samplesFrom(program, "cursor=0");
    expect(samples.slice(0, 2).map((sample) => sample.gpu_uuid)).toEqual([host.uuids[1], host.uuids[3]]);
  });

  it("measures a card that has no energy counter by its power", async () => {
    await using program = sidecar({ LEM_SIM_NVML_FAIL: "energy", LEM_SIM_GPUS: "1" });
    const info = SidecarInfo.parse(await (await call(program, "/v1/info")).body.json());
    expect(info.gpus[0]?.energy_counter).toBe(false);
    const [sample] = await samplesFrom(program, "cursor=0");
    expect(sample?.energy_mj).toBeNull();
    expect(sample?.power_mw).toBeGreaterThan(10_000);
  });

  it("keeps on sampling while a reader does not read", async () => {
    await using program = sidecar({ LEM_PERIOD_MS: "1", LEM_SIM_GPUS: "16" });
    await program.baseUrl;
    await sleep(1_500);
    const slow = await call(program, "/v1/samples?cursor=0"); // takes the headers and leaves the body in the socket
    await sleep(1_000);
    const times = (await samplesFrom(program, "cursor=0"))
      .filter(({ gpu_uuid }) => gpu_uuid === host.uuids[0])
      .map(({ t_before_ns }) => Number(BigInt(t_before_ns)) / 1e6);
    expect(times.length).toBeGreaterThan(1_500);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(200);
    const late = parseLines(await slow.body.text(), Sample);
    expect(late.map(({ seq }) => seq)).toEqual(late.map((_, index) => index));
    expect(program.stderr()).toBe("");
  });
});

describe("answers", () => {
  it("speaks the protocol, refuses strangers, and ends when it is told", async () => {
    await using program = sidecar();
    expect(Health.parse(await (await call(program, "/v1/health")).body.json())).toEqual({ status: "ready" });
    const before = process.hrtime.bigint();
    const clock = ClockReading.parse(await (await call(program, "/v1/clock")).body.json());
    expect(BigInt(clock.t_ns)).toBeGreaterThan(before);
    expect(BigInt(clock.t_ns)).toBeLessThan(process.hrtime.bigint());
    for (const [path, options, status] of [
      ["/v1/info", { authorization: "Bearer no" }, 401],
      ["/v1/info", { authorization: "" }, 401],
      ["/v1/nothing", {}, 404],
      ["/v1/samples?cursor=-1", {}, 422],
      ["/v1/samples?cursor=x", {}, 422],
    ] as const) {
      const answer = await call(program, path, options);
      expect(answer.statusCode).toBe(status);
      WireError.parse(await answer.body.json());
    }
    expect(await samplesFrom(program, "cursor=999999999")).toEqual([]);
    expect((await call(program, "/v1/stop", { method: "POST" })).statusCode).toBe(200);
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  it("prints what the host has with --probe", async () => {
    await using program = sidecar({ LEM_SIM_GPUS: "2" }, ["--probe"]);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(SidecarInfo.parse(JSON.parse(program.stdout())).gpus).toHaveLength(2);
  });
});

describe("failure", () => {
  it.each([
    [
      "no library",
      { LEM_NVML_LIBRARY: "/nowhere/libnvidia-ml.so.1" },
      72,
      /^NVML not found: \/nowhere\/libnvidia-ml\.so\.1: .*\n$/,
    ],
    ["no driver", { LEM_SIM_NVML_FAIL: "init" }, 72, /^NVML not found: .*Driver Not Loaded \(9\)\n$/],
    [
      "a GPU that is not there",
      { LEM_GPU_UUIDS: "GPU-12345678" },
      71,
      /^GPU not visible: GPU-12345678 \(visible: GPU-5111.*\)\n$/,
    ],
    ["no GPU at all", { NVIDIA_VISIBLE_DEVICES: "none" }, 71, /^GPU not visible: NVML shows none\n$/],
    ["a senseless period", { LEM_PERIOD_MS: "0" }, 78, /^LEM_PERIOD_MS is not between 1 and 1000: 0\n$/],
    ["no token", { LEM_TOKEN: "" }, 78, /^LEM_TOKEN is not set.*\n$/],
  ])("%s: one clear line and an exit code", async (_name, env, code, line) => {
    await using program = sidecar(env);
    expect(await program.exited).toEqual({ code, signal: null });
    expect(program.stderr()).toMatch(line);
    expect(program.stdout()).toBe("");
  });

  it("ends when its controller is gone", async () => {
    await using program = sidecar();
    await program.baseUrl;
    program.child.stdin?.destroy();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(isAlive(program.pid)).toBe(false);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends cleanly on %s", async (signal) => {
    await using program = sidecar();
    await program.baseUrl;
    program.child.kill(signal);
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });
});
