import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ClockReading, RunEvent, WireError, WorkerInfo, wireProtocol, type RunRequest } from "../../src/schema/wire.js";
import { simulatedGpuHost } from "../support/gpu-host.js";
import { isAlive, repository, startProgram, token, type Program } from "../support/program.js";
import { call, parseLines, runToEnd, settledHealth, someRun } from "../support/wire.js";

const config = (params: object = {}): string =>
  JSON.stringify({ model: { id: "none" }, dtype: "auto", params, max_concurrency: 4, max_tokens: 2_100 });

const fast = { prefill_tokens_per_s: 1e6, decode_tokens_per_s: 2_000 };
const simulated = (params: object = fast, env: Readonly<Record<string, string>> = {}): Program =>
  startProgram("workers/simulated/main.js", { LEM_CONFIG: config(params), ...env });

async function ready(params?: object): Promise<Program> {
  const program = simulated(params);
  expect(await settledHealth(program)).toEqual({ status: "ready" });
  return program;
}

const count = (events: readonly RunEvent[], type: RunEvent["type"]): number =>
  events.filter((event) => event.type === type).length;

const tokensOf = (events: readonly RunEvent[], request: string): number =>
  events.reduce((sum, event) => (event.type === "tokens" && event.requests.includes(request) ? sum + event.n : sum), 0);

/** A run that goes on until it is stopped. */
const endless = (changes: Partial<RunRequest> = {}): RunRequest =>
  someRun({ output_tokens: 2_000, stop: {}, ...changes });

describe("protocol", () => {
  it("answers as wire.ts says, and refuses strangers", async () => {
    await using program = await ready();
    const info = WorkerInfo.parse(await (await call(program, "/v1/info")).body.json());
    expect(info).toMatchObject({ protocol: wireProtocol, role: "worker", simulated: true, pid: program.pid, gpus: [] });
    expect(info.effective).toMatchObject({ ...fast, fault: "none" });
    const clock = ClockReading.parse(await (await call(program, "/v1/clock")).body.json());
    expect(BigInt(clock.t_ns)).toBeLessThan(process.hrtime.bigint());
    for (const [path, options, status, code] of [
      ["/v1/info", { authorization: "Bearer other" }, 401, "unauthorized"],
      ["/v1/info", { authorization: "" }, 401, "unauthorized"],
      ["/v1/none", {}, 404, "not_found"],
      ["/v1/runs", { body: "{" }, 422, "invalid_request"],
      ["/v1/runs", { body: { ...someRun(), surprise: 1 } }, 422, "invalid_request"],
      ["/v1/runs", { body: someRun({ concurrency: 5 }) }, 422, "invalid_request"],
      ["/v1/runs", { body: someRun({ output_tokens: 2_100 }) }, 422, "invalid_request"],
      ["/v1/runs", { body: someRun({ prompts: [[32_000]] }) }, 422, "invalid_request"],
      ["/v1/runs/none/events?cursor=0", {}, 404, "unknown_run"],
      ["/v1/runs/none/events?cursor=-1", {}, 422, "invalid_request"],
    ] as const) {
      const answer = await call(program, path, options);
      expect([path, answer.statusCode]).toEqual([path, status]);
      expect(WireError.parse(await answer.body.json()).code).toBe(code);
    }
  });

  it.each(["concurrency", "offline"] as const)("runs scenario %s", async (scenario) => {
    await using program = await ready();
    const events = await runToEnd(program, someRun({ scenario }));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events[0]).toMatchObject({ type: "start", run_id: "run-1" });
    expect(events.at(-1)?.type).toBe("end");
    expect([count(events, "accepted"), count(events, "done"), count(events, "idle")]).toEqual([6, 6, 1]);
    for (const event of events.filter(({ type }) => type === "done")) {
      expect(event).toMatchObject({ output_tokens: 8, cached_tokens: 0 });
    }
    expect(events.find((event) => event.type === "done" && event.request === "r3")).toMatchObject({ input_tokens: 3 });
    for (const index of [0, 1, 2, 3, 4, 5]) expect(tokensOf(events, `r${index}`)).toBe(8);
    const times = events.filter(({ type }) => type !== "idle").map(({ t_ns }) => BigInt(t_ns));
    expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0n))).toBe(true);
  });

  it("does one run at a time, and ends it when told to", async () => {
    await using program = await ready();
    const answer = await call(program, "/v1/runs", { body: endless() });
    const refused = await call(program, "/v1/runs", { body: someRun() });
    expect(refused.statusCode).toBe(409);
    expect(WireError.parse(await refused.body.json()).code).toBe("busy");
    await sleep(100);
    expect((await call(program, "/v1/stop", { method: "POST" })).statusCode).toBe(200);
    const events = parseLines(await answer.body.text(), RunEvent);
    expect(events.at(-1)).toMatchObject({ type: "failed", code: "aborted" });
    expect((await runToEnd(program, someRun({ run_id: "run-2" }))).at(-1)?.type).toBe("end");
  });

  it("loses nothing when the connection breaks", async () => {
    await using program = await ready({ ...fast, decode_tokens_per_s: 500 });
    const answer = await call(program, "/v1/runs", { body: someRun({ output_tokens: 200 }) });
    let seen = "";
    for await (const chunk of answer.body) {
      seen += String(chunk);
      if (seen.length > 3_000) break; // leaving the loop destroys the connection
    }
    const first = parseLines(seen.slice(0, seen.lastIndexOf("\n") + 1), RunEvent);
    await sleep(100);
    const rest = await call(program, `/v1/runs/run-1/events?cursor=${first.length}`);
    const events = [...first, ...parseLines(await rest.body.text(), RunEvent)];
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(count(events, "done")).toBe(6);
    const again = await call(program, "/v1/runs/run-1/events?cursor=0");
    expect(parseLines(await again.body.text(), RunEvent)).toEqual(events);
  });

  it("does not wait for a slow reader", async () => {
    await using program = await ready({ prefill_tokens_per_s: 1e6, decode_tokens_per_s: 1_000, jitter: 0 });
    const run = someRun({ concurrency: 4, output_tokens: 2_000, stop: { requests: 4 } });
    const answer = await call(program, "/v1/runs", { body: run }); // its body is not read for now
    await sleep(2_600);
    const second = await call(program, "/v1/runs/run-1/events?cursor=0");
    const events = parseLines(await second.body.text(), RunEvent);
    expect(events.at(-1)?.type).toBe("end");
    const [start, end] = [events[0], events.at(-1)].map((event) => Number(event?.t_ns));
    expect(((end ?? 0) - (start ?? 0)) / 1e9).toBeLessThan(2.5);
    expect(parseLines(await answer.body.text(), RunEvent)).toEqual(events);
  });
});

describe("end", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("ends cleanly and quickly on %s during a run", async (signal) => {
    await using program = await ready();
    const answer = await call(program, "/v1/runs", { body: endless() });
    await sleep(100);
    const sent = performance.now();
    program.child.kill(signal);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - sent).toBeLessThan(1_000);
    const events = parseLines(await answer.body.text(), RunEvent);
    expect(events.at(-1)).toMatchObject({ type: "failed", code: "aborted" });
  });

  it("ends while it is loading", async () => {
    await using program = simulated({ fault: "never_ready" });
    await program.baseUrl;
    program.child.kill("SIGTERM");
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stderr()).toBe("");
  });

  it("ends by itself when its controller was killed", async () => {
    // A controller of its own, so that there is one to kill.
    const script = `
      const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, [process.argv[1]], { stdio: ["pipe", "pipe", "inherit"] });
      child.stdout.once("data", () => console.log(child.pid));
    `;
    const controller = spawn(process.execPath, ["-e", script, `${repository}/dist/workers/simulated/main.js`], {
      env: { PATH: process.env["PATH"], LEM_TOKEN: token, LEM_CONFIG: config() },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line]: unknown[] = await once(controller.stdout, "data");
    const pid = Number(String(line));
    expect(isAlive(pid)).toBe(true);
    controller.kill("SIGKILL");
    for (let wait = 0; isAlive(pid) && wait < 100; wait++) await sleep(20);
    expect(isAlive(pid)).toBe(false);
  });
});

describe("environment", () => {
  it.each([
    ["no token", { LEM_TOKEN: "" }, /^LEM_TOKEN is not set.*\n$/],
    ["no configuration", { LEM_CONFIG: "" }, /^LEM_CONFIG is not JSON\n$/],
    ["an incomplete configuration", { LEM_CONFIG: "{}" }, /^LEM_CONFIG: model: .*max_concurrency: .*\n$/],
    ["a port that is none", { LEM_PORT: "http" }, /^LEM_PORT is not a port: http\n$/],
  ])("%s: one clear line and exit code 78", async (_name, env, line) => {
    await using program = simulated(fast, env);
    expect(await program.exited).toEqual({ code: 78, signal: null });
    expect(program.stderr()).toMatch(line);
  });

  it("says when the port is taken", async () => {
    await using first = await ready();
    const port = new URL(await first.baseUrl).port;
    await using second = simulated(fast, { LEM_PORT: port });
    expect(await second.exited).toEqual({ code: 73, signal: null });
    expect(second.stderr()).toMatch(/^cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/);
  });

  it("sees the GPUs that it is given", async () => {
    const { library, uuids } = await simulatedGpuHost();
    await using program = simulated(fast, {
      LEM_NVML_LIBRARY: library,
      CUDA_VISIBLE_DEVICES: `${uuids[2]},${uuids[0]}`,
    });
    await settledHealth(program);
    const info = WorkerInfo.parse(await (await call(program, "/v1/info")).body.json());
    expect(info.gpus.map(({ uuid }) => uuid)).toEqual([uuids[2], uuids[0]]);
  });
});

describe("simulated engine", () => {
  it("keeps its rates, however late a timer is", async () => {
    await using program = await ready({ prefill_tokens_per_s: 1_000, decode_tokens_per_s: 200, jitter: 0 });
    const events = await runToEnd(
      program,
      someRun({ prompts: [Array(50).fill(5)], output_tokens: 101, stop: { requests: 2 } }),
    );
    const accepted = events.find((event) => event.type === "accepted");
    const tokens = events.filter((event) => event.type === "tokens" && event.requests.includes("r0"));
    const ms = (event: RunEvent | undefined): number =>
      Number(BigInt(event?.t_ns ?? 0) - BigInt(accepted?.t_ns ?? 0)) / 1e6;
    expect(ms(tokens[0])).toBeGreaterThanOrEqual(50);
    expect(ms(tokens[0])).toBeLessThan(70);
    expect(ms(tokens.at(-1))).toBeGreaterThanOrEqual(550);
    expect(ms(tokens.at(-1))).toBeLessThan(570);
  });

  it("rehearses a death at start", async () => {
    await using program = simulated({ fault: "exit_at_start" });
    expect(await program.exited).toEqual({ code: 3, signal: null });
    expect(program.stderr()).toBe("simulated fault: out of memory at start\n");
  });

  it("rehearses a start that never ends", async () => {
    await using program = simulated({ fault: "never_ready" });
    await sleep(300);
    const health = await call(program, "/v1/health");
    expect(health.statusCode).toBe(503);
    expect(await health.body.json()).toEqual({ status: "starting" });
    for (const answer of [await call(program, "/v1/info"), await call(program, "/v1/runs", { body: someRun() })]) {
      expect(answer.statusCode).toBe(503);
      expect(WireError.parse(await answer.body.json()).code).toBe("not_ready");
    }
  });

  it("rehearses another protocol", async () => {
    await using program = await ready({ fault: "wrong_protocol" });
    expect(await (await call(program, "/v1/info")).body.json()).toMatchObject({ protocol: "lem/wire/0" });
  });

  it("rehearses a death during a run", async () => {
    await using program = await ready({ ...fast, fault: "exit_in_run" });
    await expect(runToEnd(program, someRun())).rejects.toThrow("other side closed");
    expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("rehearses failing requests", async () => {
    await using program = await ready({ ...fast, fault: "error_in_run" });
    const events = await runToEnd(program, someRun());
    expect(events.filter((event) => event.type === "error").map((event) => event.request)).toEqual(["r2", "r5"]);
    expect(count(events, "done")).toBe(4);
    expect(events.at(-1)?.type).toBe("end");
  });

  it("rehearses short outputs", async () => {
    await using program = await ready({ ...fast, fault: "short_output" });
    const events = await runToEnd(program, someRun());
    expect(events.filter((event) => event.type === "done" && event.output_tokens === 4)).toHaveLength(6);
    expect(tokensOf(events, "r0")).toBe(4);
  });

  it("names a parameter that it does not know", async () => {
    await using program = simulated({ decode_tokens_per_sec: 5 });
    expect(await program.exited).toEqual({ code: 70, signal: null });
    expect(program.stderr()).toMatch(/^cannot load: simulated: .*decode_tokens_per_sec.*$/m);
  });
});
