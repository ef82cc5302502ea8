import { setTimeout as sleep } from "node:timers/promises";
import { request, type Dispatcher } from "undici";
import { Health, RunEvent, type RunRequest } from "../../src/schema/wire.js";
import { token, type Program } from "./program.js";

type Answer = Dispatcher.ResponseData;

interface CallOptions {
  readonly body?: unknown;
  readonly authorization?: string;
  readonly method?: "GET" | "POST";
}

/** One request to a program; POST when there is a body. */
export async function call(program: Program, path: string, options: CallOptions = {}): Promise<Answer> {
  return request(`${await program.baseUrl}${path}`, {
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    headers: { authorization: options.authorization ?? `Bearer ${token}` },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
  });
}

/** Waits until GET /v1/health is no longer `starting`. */
export async function settledHealth(program: Program): Promise<Health> {
  for (;;) {
    const answer = await call(program, "/v1/health");
    const health = Health.parse(await answer.body.json());
    if (health.status !== "starting") return health;
    await sleep(20);
  }
}

/** All lines of an NDJSON text, each checked against the schema; throws on a torn last line. */
export function parseLines<T>(text: string, schema: { parse: (value: unknown) => T }): T[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error("the last line is torn");
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => schema.parse(JSON.parse(line)));
}

export const someRun = (changes: Partial<RunRequest> = {}): RunRequest => ({
  run_id: "run-1",
  scenario: "concurrency",
  concurrency: 2,
  prompts: [
    [3, 4, 5, 6],
    [7, 8, 9],
  ],
  output_tokens: 8,
  stop: { requests: 6 },
  seed: 1,
  ...changes,
});

/** Runs to the end and gives back all events. */
export async function runToEnd(program: Program, run: RunRequest): Promise<RunEvent[]> {
  const answer = await call(program, "/v1/runs", { body: run });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}: ${text}`);
  return parseLines(text, RunEvent);
}
