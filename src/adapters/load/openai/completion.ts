import type { Dispatcher } from "undici";
import type { OnTokens, Outcome } from "../../../domain/closed-loop.js";
import type { Call } from "../../../domain/request-queue.js";
import type { LoadTarget } from "../../../ports/load.js";
import { CompletionReader } from "./completion-reader.js";

/** Fields of POST /v1/completions (platform.openai.com/docs/api-reference/completions) that fix the work. */
function body(target: LoadTarget, call: Call): string {
  return JSON.stringify({
    prompt: call.prompt,
    max_tokens: call.outputTokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
    ...target.requestFields,
  });
}

interface Work {
  readonly call: Call;
  readonly onTokens: OnTokens;
  readonly signal: AbortSignal;
}

/** One streamed completion. Resolves with the request's own failure; rejects when the connection breaks. */
export async function complete(pool: Dispatcher, target: LoadTarget, work: Work): Promise<Outcome> {
  const reader = new CompletionReader(work.onTokens);
  const status = await dispatch(pool, target, { ...work, reader });
  if (status !== 200) return { status: "failed", code: `http_${String(status)}`, message: reader.rawText() };
  return reader.outcome();
}

async function dispatch(
  pool: Dispatcher,
  target: LoadTarget,
  work: Work & { reader: CompletionReader },
): Promise<number> {
  const { reader, signal } = work;
  return new Promise((resolve, reject) => {
    let status = 0;
    let abortRequest: ((reason: Error) => void) | undefined;
    const onAbort = (): void => abortRequest?.(new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true });
    const settled = (): void => signal.removeEventListener("abort", onAbort);
    // dispatch, not fetch: web streams cost several times the parser (and smear the times of chunks under load).
    pool.dispatch(
      {
        path: "/v1/completions",
        method: "POST",
        headers: { authorization: `Bearer ${target.token}`, "content-type": "application/json" },
        body: body(target, work.call),
        reset: target.connectionPerRequest,
      },
      {
        onRequestStart: (controller) => {
          abortRequest = (reason) => controller.abort(reason);
          if (signal.aborted) onAbort();
        },
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseData: (_controller, chunk) => {
          const tNs = process.hrtime.bigint();
          if (status === 200) reader.read(chunk, tNs);
          else reader.keepRaw(chunk);
        },
        onResponseEnd: () => {
          settled();
          resolve(status);
        },
        onResponseError: (_controller, error) => {
          settled();
          reject(error);
        },
      },
    );
  });
}
