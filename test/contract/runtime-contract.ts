import { expect, it } from "vitest";
import { request } from "undici";
import type { LaunchSite, Runtime, Unit, UnitSpec } from "../../src/ports/runtime.js";

export interface RuntimeUnderTest {
  make(): Runtime;
  /** A sidecar that works, and one that is asked for a GPU that does not exist and therefore ends at once. */
  readonly working: UnitSpec;
  readonly ending: UnitSpec;
  /** What is left of the launch on the host: containers, networks, processes. */
  leftovers(launchId: string): Promise<readonly string[]>;
}

const signal = AbortSignal.timeout(60_000);
let launches = 0;

async function site(runtime: Runtime): Promise<LaunchSite & { readonly launchId: string }> {
  const launchId = `contract-${String(process.pid)}-${String(launches++)}`;
  return { ...(await runtime.openSite({ campaignId: "contract", launchId, outgoing: false }, signal)), launchId };
}

async function start(at: LaunchSite, spec: UnitSpec): Promise<Unit> {
  return (await at.prepare(spec, signal)).start(signal);
}

async function answers(unit: Unit): Promise<number> {
  const { statusCode, body } = await request(`${unit.baseUrl}/v1/health`, { headers: { authorization: "Bearer t" } });
  await body.dump();
  return statusCode;
}

async function untilItAnswers(unit: Unit): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await answers(unit).catch(() => 0)) === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no answer from ${unit.baseUrl}: ${unit.logTail()}`);
}

/** What every runtime promises, whatever it starts programs with. */
export function runtimeContract(subject: RuntimeUnderTest): void {
  it("describes itself", async () => {
    const description = await subject.make().describe(signal);

    expect(description.version).toMatch(/\d/);
  });

  it("starts a unit that answers, keeps its log, and stops it when asked, twice as well", async () => {
    await using at = await site(subject.make());
    const unit = await start(at, subject.working);
    await untilItAnswers(unit);

    expect(unit.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(unit.logTail()).toContain("listening on");
    expect(unit.lastOutputNs()).toBeLessThanOrEqual(process.hrtime.bigint());

    const [first, second] = await Promise.all([unit.stop(), unit.stop()]);
    expect(second).toEqual(first);
    await expect(answers(unit)).rejects.toThrow();
    await expect(unit.exited).resolves.toEqual(first);
  });

  it("removes everything of a launch with its site, also what nobody stopped and what was never started", async () => {
    const at = await site(subject.make());
    const unit = await start(at, subject.working);
    await at.prepare({ ...subject.working, role: "backend" }, signal);
    await at[Symbol.asyncDispose]();

    await unit.exited;
    expect(await subject.leftovers(at.launchId)).toEqual([]);
  });

  it("tells the exit code and the last words of a program that ends at once, and leaves nothing", async () => {
    const at = await site(subject.make());
    const outcome = await start(at, subject.ending).then(
      async (unit) => ({ exit: await unit.exited, log: unit.logTail() }),
      (error: unknown) => ({ exit: undefined, log: error instanceof Error ? error.message : "" }),
    );
    await at[Symbol.asyncDispose]();

    expect(outcome.log).toMatch(/GPU-00000000|not visible|unknown device/);
    if (outcome.exit !== undefined) expect(outcome.exit.code).toBe(71);
    expect(await subject.leftovers(at.launchId)).toEqual([]);
  });

  it("does not start for an aborted signal", async () => {
    await using at = await site(subject.make());
    const prepared = await at.prepare(subject.working, signal);

    await expect(prepared.start(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });
}
