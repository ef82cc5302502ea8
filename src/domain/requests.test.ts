import { describe, expect, it } from "vitest";
import type { RunEvent } from "../schema/wire.js";
import { latencies } from "./latency.js";
import { traceRun } from "./requests.js";

const at = (ms: number): string => String(1_000_000_000n + BigInt(ms) * 1_000_000n);

const events: RunEvent[] = [
  { seq: 0, type: "start", t_ns: at(0), run_id: "r" },
  { seq: 1, type: "accepted", t_ns: at(0), request: "r0", input_tokens: 8 },
  { seq: 2, type: "accepted", t_ns: at(1), request: "r1", input_tokens: 8 },
  { seq: 3, type: "tokens", t_ns: at(10), requests: ["r0", "r1"], n: 1 },
  { seq: 4, type: "tokens", t_ns: at(14), requests: ["r0"], n: 2 },
  { seq: 5, type: "tokens", t_ns: at(20), requests: ["r0"], n: 1 },
  { seq: 6, type: "done", t_ns: at(21), request: "r0", input_tokens: 8, output_tokens: 4 },
  { seq: 7, type: "idle", t_ns: at(22) },
  { seq: 8, type: "error", t_ns: at(25), request: "r1", code: "boom", message: "went wrong" },
  { seq: 9, type: "end", t_ns: at(26) },
];

describe("traceRun", () => {
  it("folds events into requests and marks", () => {
    const traced = traceRun(events);
    if (traced.status !== "complete") throw new Error(traced.message);
    const { trace } = traced;

    expect([trace.startNs, trace.idleNs, trace.endNs]).toEqual([BigInt(at(0)), BigInt(at(22)), BigInt(at(26))]);
    expect(
      trace.requests.map(({ request, status, errorCode, outputTokens }) => ({
        request,
        status,
        errorCode,
        outputTokens,
      })),
    ).toEqual([
      { request: "r0", status: "ok", errorCode: undefined, outputTokens: 4 },
      { request: "r1", status: "error", errorCode: "boom", outputTokens: undefined },
    ]);
  });

  it("takes the worker's clock offset off every time", () => {
    const traced = traceRun(events, 1_000_000_000n);

    expect(traced.status === "complete" && traced.trace.startNs).toBe(0n);
  });

  it("is incomplete when the run failed or its end is missing", () => {
    expect(traceRun(events.slice(0, -1))).toEqual({ status: "incomplete", message: "the event stream has no end" });
    expect(
      traceRun([...events.slice(0, 3), { seq: 3, type: "failed", t_ns: at(5), code: "aborted", message: "stopped" }])
        .status,
    ).toBe("incomplete");
  });
});

describe("latencies", () => {
  it("computes TTFT, ITL, TPOT and E2E of requests that ended well", () => {
    const traced = traceRun(events);
    const found = latencies(traced.status === "complete" ? traced.trace.requests : [], "measured");

    expect(found.ttft_ms).toMatchObject({ status: "measured", n: 1, mean: 10 });
    expect(found.itl_ms).toMatchObject({ n: 2, min: 4, max: 6, mean: 5 });
    expect(found.tpot_ms).toMatchObject({ n: 1, mean: 10 / 3 }); // 10 ms for the three tokens after the first event
    expect(found.e2e_ms).toMatchObject({ n: 1, mean: 21 });
  });

  it("says why there is none", () => {
    const found = latencies([], "measured");

    expect(found.ttft_ms).toMatchObject({ status: "unavailable", reason: "no_requests" });
    expect(found.itl_ms).toMatchObject({ status: "unavailable", reason: "no_requests" });
  });
});
