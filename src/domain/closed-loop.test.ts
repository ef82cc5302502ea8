import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RunRequest } from "../schema/wire.js";
import { runClosedLoop, type EventBody, type Generate } from "./closed-loop.js";

const monotonicNs = (): bigint => process.hrtime.bigint();

const base: RunRequest = {
  run_id: "run",
  scenario: "concurrency",
  concurrency: 2,
  prompts: [[1, 2, 3], [4, 5], [6]],
  output_tokens: 2,
  stop: { requests: 5 },
  seed: 1,
};

/** Answers after `ms(index)`; counts how many requests are in it at once. */
function engine(ms: (index: number) => number = () => 2) {
  const seen = { now: 0, most: 0, prompts: [] as number[][] };
  const generate: Generate = async ({ index, prompt, outputTokens }, onTokens, signal) => {
    seen.most = Math.max(seen.most, ++seen.now);
    seen.prompts.push([...prompt]);
    await sleep(ms(index), undefined, { signal });
    onTokens(outputTokens, monotonicNs());
    seen.now--;
    return { status: "done", inputTokens: prompt.length, outputTokens };
  };
  return { seen, generate };
}

async function run(request: Partial<RunRequest>, generate: Generate, signal = new AbortController().signal) {
  const events: EventBody[] = [];
  const failure = await runClosedLoop(
    { ...base, ...request },
    { generate, emit: (event) => events.push(event), now: monotonicNs, signal },
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  const order = events.map((event) => ("request" in event ? `${event.type} ${event.request}` : event.type));
  return { events, order, failure };
}

const count = (events: readonly EventBody[], type: EventBody["type"]) =>
  events.filter((event) => event.type === type).length;

describe("concurrency", () => {
  it("keeps N requests in flight and takes the prompts in turn", async () => {
    const { seen, generate } = engine();
    const { events, failure } = await run({}, generate);
    expect(failure).toBeUndefined();
    expect(seen.most).toBe(2);
    expect(seen.prompts).toEqual([[1, 2, 3], [4, 5], [6], [1, 2, 3], [4, 5]]);
    for (const type of ["accepted", "tokens", "done"] as const) expect(count(events, type)).toBe(5);
  });

  it("is idle when the first slot has nothing left to send, not before", async () => {
    const { order } = await run({ stop: { requests: 3 } }, engine((index) => (index === 0 ? 5 : 40)).generate);
    expect(order.slice(0, 2)).toEqual(["accepted r0", "accepted r1"]);
    expect(order.slice(2, 5)).toEqual(["tokens", "done r0", "accepted r2"]);
    expect(order.indexOf("idle")).toBe(order.indexOf("done r1") + 1);
  });

  it("counts no slot that never got a request", async () => {
    const { order } = await run({ concurrency: 8, stop: { requests: 1 } }, engine().generate);
    expect(order).toEqual(["accepted r0", "tokens", "done r0", "idle"]);
  });

  it("sends nothing after the time is up and finishes what is in flight", async () => {
    const { events, order } = await run({ stop: { after_s: 0.05 } }, engine(() => 20).generate);
    expect(count(events, "done")).toBe(count(events, "accepted"));
    expect(count(events, "idle")).toBe(1);
    expect(order.slice(order.indexOf("idle")).some((what) => what.startsWith("accepted"))).toBe(false);
    expect(count(events, "accepted")).toBeLessThanOrEqual(6);
  });
});

describe("offline", () => {
  it("sends the next batch when all of the one before are done", async () => {
    const { seen, generate } = engine((index) => 2 + 8 * (index % 2));
    const { order } = await run({ scenario: "offline", stop: { requests: 4 } }, generate);
    expect(seen.most).toBe(2);
    expect(order.indexOf("accepted r2")).toBeGreaterThan(order.indexOf("done r1"));
    expect(order.at(-1)).toBe("idle");
  });

  it("is idle when a last batch is not full", async () => {
    const { order } = await run({ scenario: "offline", stop: { requests: 3 } }, engine().generate);
    expect(order.slice(-4)).toEqual(["accepted r2", "idle", "tokens", "done r2"]);
  });
});

describe("failure", () => {
  it("reports a request that failed and goes on", async () => {
    const { generate } = engine();
    const failing: Generate = async (call, onTokens, signal) =>
      call.index === 1 ? { status: "failed", code: "x", message: "no" } : generate(call, onTokens, signal);
    const { events, failure } = await run({}, failing);
    expect(failure).toBeUndefined();
    expect(count(events, "error")).toBe(1);
    expect(count(events, "done")).toBe(4);
  });

  it("gives up on an engine that refuses everything", async () => {
    const { events, failure } = await run({ stop: {} }, async () => ({ status: "failed", code: "x", message: "no" }));
    expect(failure).toMatchObject({ message: expect.stringContaining("8 requests in a row failed") });
    expect(count(events, "error")).toBeLessThan(12);
  });

  it.each(["concurrency", "offline"] as const)("stops all slots when the engine breaks (%s)", async (scenario) => {
    const { generate } = engine(() => 10_000);
    const breaking: Generate = async (call, onTokens, signal) => {
      if (call.index === 1) throw new Error("broken");
      return generate(call, onTokens, signal);
    };
    const { failure, events } = await run({ scenario }, breaking);
    expect(failure).toMatchObject({ message: "broken" });
    expect(count(events, "done")).toBe(0);
  });

  it("ends at once when it is aborted", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("stopped")), 20);
    const { failure } = await run({ stop: {} }, engine(() => 10_000).generate, abort.signal);
    expect(failure).toMatchObject({ name: "AbortError" });
  });
});
