import type { Progress } from "../index.js";
import { counted } from "../report/numbers.js";

/** One line per thing that happened, for stderr. */
export function progressLine(progress: Progress): string | undefined {
  if (progress.type === "preflight") return "checking what the campaign needs";
  if (progress.type === "swept") return `removed leftovers of a dead controller: ${progress.names.join(", ")}`;
  if (progress.type === "campaign_start") {
    return `${counted(progress.runs, "run")} in ${counted(progress.launches, "launch")}  →  ${progress.directory}`;
  }
  if (progress.type === "launch_start") {
    const where = progress.gpus.length === 0 ? "" : `  on ${progress.gpus.join(", ")}`;
    return `cycle ${String(progress.cycle)}  launch of ${progress.slugs.join(", ")}${where}`;
  }
  if (progress.type === "teardown_failed") return `not everything could be removed: ${progress.message}`;
  return progress.type === "run_end" ? runLine(progress) : undefined;
}

function runLine({ result, done, runs }: Extract<Progress, { type: "run_end" }>): string {
  const head = `  ${String(done)}/${String(runs)}  ${result.case.slug}`;
  if (result.status === "failed") return `${head}  failed: ${result.error.message} [${result.error.code}]`;
  const throughput = result.metrics.output_tokens_per_s;
  const value = throughput.status === "unavailable" ? throughput.reason : `${throughput.value.toFixed(0)} output tok/s`;
  const flags = result.quality.map((flag) => flag.code).join(" ");
  return `${head}  ${value}${flags === "" ? "" : `  ${flags}`}`;
}
