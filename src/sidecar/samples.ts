import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
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
  query: SampleQuery,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  const quoted = uuids.map((uuid) => JSON.stringify(uuid));
  await pipeline(Readable.from(sampleChunks(ring, quoted, query)), response);
}

function* sampleChunks(
  ring: RingReader,
  quotedUuids: readonly string[],
  { cursor, limit }: SampleQuery,
): Generator<string> {
  const first = Math.max(cursor, ring.oldest());
  const end = Math.min(ring.head(), first + limit);
  if (first > cursor) yield `${JSON.stringify({ lost: first - cursor, next: first })}\n`;
  for (let seq = first; seq < end; seq += chunkSamples) {
    const lines = linesOf(ring, quotedUuids, seq, Math.min(end, seq + chunkSamples));
    if (!ring.stillThere(seq)) return; // overwritten while it was read
    yield lines;
  }
}

/** Every tick writes one sample of each GPU in order, so the number of a sample tells its GPU. */
function linesOf(ring: RingReader, quotedUuids: readonly string[], from: number, to: number): string {
  let lines = "";
  for (let seq = from; seq < to; seq++) {
    lines += sampleLine(seq, quotedUuids[seq % quotedUuids.length] ?? '""', ring.at(seq));
  }
  return lines;
}
