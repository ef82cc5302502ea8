import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Reading, RingReader } from "./ring.js";

/** Samples per write: some milliseconds of work, so that other requests are not shut out. */
const chunkSamples = 1000;

const orNull = (value: number): string => (Number.isNaN(value) ? "null" : String(value));

/** A sample as a line of the wire protocol. Written by hand: this is most of what the server does. */
export function sampleLine(seq: number, quotedUuid: string, reading: Reading): string {
  return (
    `{"seq":${seq},"gpu_uuid":${quotedUuid},"t_before_ns":"${reading.beforeNs}","t_after_ns":"${reading.afterNs}"` +
    `,"energy_mj":${orNull(reading.energyMj)},"power_mw":${orNull(reading.powerMw)}` +
    `,"temperature_celsius":${orNull(reading.temperatureCelsius)},"memory_used_bytes":${orNull(reading.memoryUsedBytes)}}\n`
  );
}

export interface SampleQuery {
  readonly cursor: number;
  readonly limit: number;
}

/**
 * Sends the samples from `cursor` on that exist now, then ends. A reader that came too late is told first what it lost;
 * one that is too slow to take its answer gets a shorter one, and hears of the loss when it asks again.
 */
export async function sendSamples(
  response: ServerResponse,
  ring: RingReader,
  uuids: readonly string[],
  { cursor, limit }: SampleQuery,
): Promise<void> {
  const quoted = uuids.map((uuid) => JSON.stringify(uuid));
  const first = Math.max(cursor, ring.oldest());
  const end = Math.min(ring.head(), first + limit);
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  if (first > cursor) response.write(`${JSON.stringify({ lost: first - cursor, next: first })}\n`);
  for (let seq = first; seq < end && !response.destroyed; seq += chunkSamples) {
    const lines = linesOf(ring, quoted, seq, Math.min(end, seq + chunkSamples));
    if (!ring.stillThere(seq)) break; // overwritten while it was read
    if (!response.write(lines)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}

/** Every tick writes one sample of each GPU in order, so the number of a sample tells its GPU. */
function linesOf(ring: RingReader, quotedUuids: readonly string[], from: number, to: number): string {
  let lines = "";
  for (let seq = from; seq < to; seq++) {
    lines += sampleLine(seq, quotedUuids[seq % quotedUuids.length] ?? '""', ring.at(seq));
  }
  return lines;
}
