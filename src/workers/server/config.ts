import { CaseConfig } from "../../schema/case.js";
import { RunRequest, WorkerInfo } from "../../schema/wire.js";

/** What a worker loads, from the environment variable LEM_CONFIG (JSON). `params` is the backend's own block. */
const WorkerConfig = CaseConfig.pick({ model: true, dtype: true }).extend({
  params: WorkerInfo.shape.effective,
  max_concurrency: RunRequest.shape.concurrency,
  max_tokens: RunRequest.shape.output_tokens.describe("input plus output tokens of the longest request"),
});
export type WorkerConfig = ReturnType<typeof WorkerConfig.parse>;

export type ConfigResult =
  | { readonly status: "valid"; readonly config: WorkerConfig }
  | { readonly status: "invalid"; readonly message: string };

/** Parses LEM_CONFIG; all problems are named in one line. */
export function readConfig(text: string | undefined): ConfigResult {
  if (text === undefined) return { status: "invalid", message: "LEM_CONFIG is not set" };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { status: "invalid", message: "LEM_CONFIG is not JSON" };
  }
  const parsed = WorkerConfig.safeParse(json);
  if (parsed.success) return { status: "valid", config: parsed.data };
  return { status: "invalid", message: `LEM_CONFIG: ${describeIssues(parsed.error.issues)}` };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Problems of a message in one line: `stop.requests: expected a number; …`. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues.map((issue) => `${issue.path.map(String).join(".") || "(top)"}: ${issue.message}`).join("; ");
}
