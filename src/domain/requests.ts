import type { RunEvent } from "../schema/wire.js";

/** One request as it was observed. Times are nanoseconds of the controller's monotonic clock. */
export interface RequestRecord {
  readonly request: string;
  readonly status: "ok" | "error" | "unfinished";
  readonly sentNs: bigint;
  /** Time and number of every token event, in order. */
  readonly tokens: readonly { readonly tNs: bigint; readonly n: number }[];
  readonly endNs: bigint | undefined;
  readonly sentInputTokens: number;
  /** As counted by the engine; undefined when the request did not end well. */
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly errorCode: string | undefined;
}

type Open = { -readonly [Key in keyof Omit<RequestRecord, "tokens">]: RequestRecord[Key] } & {
  tokens: { tNs: bigint; n: number }[];
};

/** What happened in a run, folded from its events. */
export interface RunTrace {
  readonly startNs: bigint;
  /** The first moment at which the load was no longer full. */
  readonly idleNs: bigint;
  readonly endNs: bigint;
  readonly requests: readonly RequestRecord[];
}

export type TraceResult =
  | { readonly status: "complete"; readonly trace: RunTrace }
  | { readonly status: "incomplete"; readonly message: string };

/** Folds the events of one run; `offsetNs` (worker minus controller) moves them onto the controller's clock. */
export function traceRun(events: readonly RunEvent[], offsetNs = 0n): TraceResult {
  const requests = new Map<string, Open>();
  const marks = new Map<"start" | "idle" | "end", bigint>();
  for (const event of events) {
    const tNs = BigInt(event.t_ns) - offsetNs;
    if (event.type === "failed") return { status: "incomplete", message: `${event.code}: ${event.message}` };
    if (event.type === "start" || event.type === "idle" || event.type === "end") marks.set(event.type, tNs);
    else applyToRequests(requests, event, tNs);
  }
  const startNs = marks.get("start");
  const endNs = marks.get("end");
  if (startNs === undefined || endNs === undefined) {
    return { status: "incomplete", message: `the event stream has no ${startNs === undefined ? "start" : "end"}` };
  }
  return {
    status: "complete",
    trace: { startNs, idleNs: marks.get("idle") ?? endNs, endNs, requests: [...requests.values()] },
  };
}

type RequestEvent = Extract<RunEvent, { type: "accepted" | "tokens" | "done" | "error" }>;

function applyToRequests(requests: Map<string, Open>, event: RequestEvent, tNs: bigint): void {
  if (event.type === "accepted") {
    requests.set(event.request, opened(event.request, tNs, event.input_tokens));
    return;
  }
  if (event.type === "tokens") {
    for (const id of event.requests) addTokens(requests.get(id)?.tokens, tNs, event.n);
    return;
  }
  const request = requests.get(event.request);
  if (request === undefined) return;
  request.endNs = tNs;
  if (event.type === "error") {
    request.status = "error";
    request.errorCode = event.code;
    return;
  }
  request.status = "ok";
  request.inputTokens = event.input_tokens;
  request.outputTokens = event.output_tokens;
  request.cachedTokens = event.cached_tokens;
}

/** Tokens of one moment are one event: there is no gap between them. */
function addTokens(tokens: Open["tokens"] | undefined, tNs: bigint, n: number): void {
  const last = tokens?.at(-1);
  if (last?.tNs === tNs) last.n += n;
  else tokens?.push({ tNs, n });
}

function opened(request: string, sentNs: bigint, sentInputTokens: number): Open {
  return {
    request,
    status: "unfinished",
    sentNs,
    tokens: [],
    endNs: undefined,
    sentInputTokens,
    inputTokens: undefined,
    outputTokens: undefined,
    cachedTokens: undefined,
    errorCode: undefined,
  };
}
