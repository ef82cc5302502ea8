import type { ClockOffset } from "../../../ports/load.js";
import { ClockReading } from "../../../schema/wire.js";
import type { Endpoint } from "./http.js";
import { askJson } from "./http.js";

const exchanges = 20;

/**
 * The other program's monotonic clock against ours, from the exchange with the shortest round trip; the error is at most
 * half of it. An offset within that error is taken for 0: programs of one host share the clock, and correcting by noise
 * would only add noise.
 */
export async function measureClockOffset(endpoint: Endpoint, signal: AbortSignal): Promise<ClockOffset> {
  let best: { roundTripNs: bigint; offsetNs: bigint } | undefined;
  for (let exchange = 0; exchange < exchanges; exchange++) {
    const sentNs = process.hrtime.bigint();
    const { t_ns } = await askJson(endpoint, "/v1/clock", ClockReading, signal);
    const roundTripNs = process.hrtime.bigint() - sentNs;
    if (best === undefined || roundTripNs < best.roundTripNs) {
      best = { roundTripNs, offsetNs: BigInt(t_ns) - (sentNs + roundTripNs / 2n) };
    }
  }
  const { roundTripNs, offsetNs } = best ?? { roundTripNs: 0n, offsetNs: 0n };
  const uncertaintyNs = roundTripNs / 2n;
  const sameClock = offsetNs <= uncertaintyNs && -offsetNs <= uncertaintyNs;
  return { offsetNs: sameClock ? 0n : offsetNs, uncertaintyNs };
}
