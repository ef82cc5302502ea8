import { Agent, request } from "undici";
import { LemError } from "../../../core/errors.js";

/** Where a worker or sidecar listens, and the bearer token of its launch. */
export interface Endpoint {
  readonly baseUrl: string;
  readonly token: string;
}

// Long streams with long silences are normal: a model may think for minutes. Deadlines are the caller's signals.
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connectTimeout: 5_000, connections: null });

export interface Answer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  text(): Promise<string>;
}

/** One request; rejects when nobody answers. */
export async function ask(
  endpoint: Endpoint,
  path: string,
  options: { readonly signal: AbortSignal; readonly post?: unknown },
): Promise<Answer> {
  const { statusCode, body } = await request(endpoint.baseUrl + path, {
    method: options.post === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${endpoint.token}`, "content-type": "application/json" },
    ...(options.post === undefined ? {} : { body: JSON.stringify(options.post) }),
    signal: options.signal,
    dispatcher: agent,
  });
  return { status: statusCode, body, text: async () => body.text() };
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

/** A JSON answer, checked. Rejects with WORKER_ANSWER when it is an error or not what the protocol says. */
export async function askJson<T>(endpoint: Endpoint, path: string, schema: Schema<T>, signal: AbortSignal): Promise<T> {
  const answer = await ask(endpoint, path, { signal });
  const text = await answer.text();
  if (answer.status !== 200) throw unexpected(path, `status ${String(answer.status)}: ${text.slice(0, 300)}`);
  const parsed = schema.safeParse(parseJson(text, path));
  if (!parsed.success) throw unexpected(path, parsed.error.message);
  return parsed.data;
}

/** Lines of an NDJSON body, checked one by one. A last line without a line end is dropped: it is torn. */
export async function* readLines<T>(
  body: AsyncIterable<Uint8Array>,
  schema: Schema<T>,
  what: string,
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const parsed = schema.safeParse(parseJson(line, what));
      if (!parsed.success) throw unexpected(what, `${parsed.error.message} in ${line.slice(0, 200)}`);
      yield parsed.data;
    }
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unexpected(what, `not JSON: ${text.slice(0, 200)}`);
  }
}

export function unexpected(what: string, found: string): LemError {
  return new LemError("WORKER_ANSWER", `unexpected answer to ${what}: ${found}`, {
    hint: "worker and controller may come from different versions of lem; build the images again",
  });
}
