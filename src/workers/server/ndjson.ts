import type { RunLog } from "./run-log.js";

/** Streams a run's log from `cursor` until the run ends; takes more from the log only when the reader has room. */
export function streamLog(log: RunLog, cursor: number): Response {
  let next = cursor;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const slice = await log.read(next);
      if (slice === undefined) {
        controller.close();
        return;
      }
      next = slice.next;
      controller.enqueue(slice.bytes);
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
}
