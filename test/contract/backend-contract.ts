import { expect, it } from "vitest";
import { traceRun } from "../../src/domain/requests.js";
import { makePrompts } from "../../src/domain/prompts.js";
import type { Backend, EngineInfo, LaunchNeeds } from "../../src/ports/backend.js";
import type { LoadDriver } from "../../src/ports/load.js";
import type { Runtime, Unit } from "../../src/ports/runtime.js";
import { CaseConfig } from "../../src/schema/case.js";
import type { RunEvent, RunRequest } from "../../src/schema/wire.js";

export interface BackendUnderTest {
  readonly backend: Backend;
  readonly loads: Readonly<Record<ReturnType<Backend["drive"]>, LoadDriver>>;
  readonly runtime: () => Runtime;
  /** Case fields beside the workload. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly simulated: boolean;
}

interface Live {
  readonly unit: Unit;
  readonly needs: LaunchNeeds;
  readonly info: EngineInfo;
  readonly driver: LoadDriver;
}

const workload = { dataset: "synthetic", input_tokens: 24, output_tokens: 12, prompts: 4, seed: 5 } as const;
let launches = 0;

/** Starts the backend, waits until it is ready, shakes hands, and takes it down after `body`. */
async function withBackend(
  { backend, loads, runtime, fields }: BackendUnderTest,
  body: (live: Live) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.timeout(90_000);
  const config = CaseConfig.parse({ ...fields, workload });
  const needs: LaunchNeeds = { config, gpus: [], maxConcurrency: 3, maxTokens: 36, token: "t0ken" };
  const launchId = `backend-${String(process.pid)}-${String(launches++)}`;
  await using site = await runtime().openSite({ campaignId: "contract", launchId, outgoing: false }, signal);
  const unit = await (await site.prepare(backend.unit(needs), signal)).start(signal);
  for (;;) {
    const { status } = await backend.readiness(unit, needs, signal);
    if (status === "ready") break;
    expect(status, unit.logTail()).toBe("starting");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await body({ unit, needs, info: await backend.handshake(unit, needs, signal), driver: loads[backend.drive(config)] });
  await unit.stop();
}

async function drive(
  subject: BackendUnderTest,
  live: Live,
  request: Partial<RunRequest>,
  signal = AbortSignal.timeout(60_000),
): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const whole: RunRequest = {
    run_id: `run-${String(launches++)}`,
    scenario: "concurrency",
    concurrency: 3,
    prompts: makePrompts(workload, live.info.vocabulary_tokens),
    output_tokens: workload.output_tokens,
    stop: { requests: 8 },
    seed: 1,
    ...request,
  };
  await live.driver.run(subject.backend.target(live.unit, live.needs), whole, (event) => events.push(event), signal);
  return events;
}

/** What every backend promises, however it is driven. */
export function backendContract(subject: BackendUnderTest): void {
  it("says what really runs, and lets nobody in without the token", async () => {
    await withBackend(subject, async (live) => {
      const { info } = live;
      expect(info.engine.name).not.toBe("");
      expect(info.engine.version).not.toBe("");
      expect(info.simulated).toBe(subject.simulated);
      expect(info.vocabulary_tokens).toBeGreaterThan(255);
      expect(info.gpus).toEqual([]);
      expect(Object.keys(info.effective).length).toBeGreaterThan(0);

      const stranger = { ...live, needs: { ...live.needs, token: "another" } };
      const events = await drive(subject, stranger, {}).catch((error: unknown) => error);
      expect(JSON.stringify(events instanceof Error ? events.message : events)).toMatch(/401/);
    });
  });

  it.each(["concurrency", "offline"] as const)("does exactly the work that it is asked for (%s)", async (scenario) => {
    await withBackend(subject, async (live) => {
      const traced = traceRun(await drive(subject, live, { scenario }));
      if (traced.status !== "complete") throw new Error(traced.message);
      const { requests, startNs, idleNs, endNs } = traced.trace;

      expect(requests.map((request) => request.status)).toEqual(Array.from({ length: 8 }, () => "ok"));
      for (const request of requests) {
        expect([request.inputTokens, request.outputTokens, request.cachedTokens ?? 0]).toEqual([24, 12, 0]);
        expect(request.tokens.reduce((sum, event) => sum + event.n, 0)).toBe(12);
        const times = [
          startNs,
          request.sentNs,
          ...request.tokens.map((event) => event.tNs),
          request.endNs ?? 0n,
          endNs,
        ];
        expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
      }
      expect(idleNs > startNs && idleNs <= endNs).toBe(true);
      const load = requests.map(
        (request) =>
          requests.filter((other) => other.sentNs <= request.sentNs && (other.endNs ?? 0n) > request.sentNs).length,
      );
      expect(Math.max(...load)).toBe(3);
    });
  });

  it("ends a run that is aborted and can do the next one", async () => {
    await withBackend(subject, async (live) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error("enough")), 400);
      const stop = { after_s: 60 };
      await expect(drive(subject, live, { stop }, abort.signal)).rejects.toThrow();

      const next = traceRun(await drive(subject, live, { stop: { requests: 3 } }));
      expect(next).toMatchObject({ status: "complete" });
    });
  });
}
