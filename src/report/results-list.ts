import type { Result } from "../schema/result.js";
import { threeDigits } from "./numbers.js";
import { plainTable } from "./table.js";

/** One line per run. */
export function resultsList(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.run_id,
    result.created_at.slice(0, 19).replace("T", " "),
    result.campaign.name,
    result.case.slug,
    String(result.campaign.cycle),
    result.status,
    headline(result),
  ]);
  const titles = ["run", "UTC", "campaign", "case", "cycle", "status", "output tok/s"];
  return plainTable(
    titles.map((title) => ({ title, align: title === "cycle" || title === "output tok/s" ? "right" : "left" })),
    rows,
  );
}

function headline(result: Result): string {
  if (result.status === "failed") return result.error.code;
  const throughput = result.metrics.output_tokens_per_s;
  if (throughput.status === "unavailable") return throughput.reason;
  return threeDigits(throughput.value) + (throughput.status === "simulated" ? " sim" : "");
}
