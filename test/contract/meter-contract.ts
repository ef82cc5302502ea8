import { expect, it } from "vitest";
import { counterEdges, energyByCounter, energyByPower } from "../../src/domain/energy.js";
import { byGpu } from "../../src/domain/windows.js";
import type { Meter, MeterNeeds, MeterSession } from "../../src/ports/meter.js";
import type { Runtime, UnitSpec } from "../../src/ports/runtime.js";

export interface MeterUnderTest {
  readonly meter: Meter;
  readonly runtime: () => Runtime;
  readonly needs: Omit<MeterNeeds, "token">;
  /** Where the compiled program has to be put in the place of the sources, or the environment to be changed. */
  readonly adjust: (spec: UnitSpec) => UnitSpec;
  readonly uuids: () => readonly string[];
  /** True energy of a GPU, where the truth is known. */
  readonly trueJoules?: (gpu: number, fromNs: bigint, toNs: bigint) => number;
}

const signal = AbortSignal.timeout(60_000);
let launches = 0;

async function withMeter(subject: MeterUnderTest, body: (session: MeterSession) => Promise<void>): Promise<void> {
  const launchId = `meter-${String(process.pid)}-${String(launches++)}`;
  const needs = { ...subject.needs, token: "t0ken" };
  await using site = await subject.runtime().openSite({ campaignId: "contract", launchId, outgoing: false }, signal);
  const unit = await (await site.prepare(subject.adjust(subject.meter.unit(needs)), signal)).start(signal);
  await using session = await subject.meter.attach(unit, needs, signal);
  await body(session);
}

const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What every meter promises, whatever is behind it. */
export function meterContract(subject: MeterUnderTest): void {
  it("names its source and the GPUs that it was given, in one piece", async () => {
    await withMeter(subject, async ({ info }) => {
      expect(info.gpus.map((gpu) => gpu.uuid)).toEqual(subject.uuids());
      expect(info.simulated).toBe(true);
      expect(info.period_ms).toBeGreaterThan(0);
    });
  });

  it("measures energy that agrees with its own power, and with the truth where that is known", async () => {
    await withMeter(subject, async (session) => {
      await sleep(500);
      const startNs = process.hrtime.bigint();
      await sleep(4_000);
      const endNs = process.hrtime.bigint();
      await session.until(endNs + 300_000_000n, signal);

      for (const [gpu, [, samples]] of [...byGpu(session.samples(), subject.uuids())].entries()) {
        const counter = energyByCounter(counterEdges(samples), { startNs, endNs });
        const power = energyByPower(samples, { startNs, endNs });
        if (counter.status !== "known" || power.status !== "known") throw new Error("no energy");
        expect(Math.abs(counter.energyJ / power.energyJ - 1)).toBeLessThan(0.01);
        const truth = subject.trueJoules?.(gpu, startNs, endNs);
        if (truth !== undefined) expect(Math.abs(counter.energyJ / truth - 1)).toBeLessThan(0.005);
      }
      expect(session.lost()).toBe(0);
      expect(session.samples().map((sample) => sample.seq)).toEqual(session.samples().map((_, index) => index));
    });
  });

  it("does not wait for ever: an aborted wait ends", async () => {
    await withMeter(subject, async (session) => {
      const farNs = process.hrtime.bigint() + 3_600_000_000_000n;
      await expect(session.until(farNs, AbortSignal.timeout(300))).rejects.toThrow();
    });
  });
}
