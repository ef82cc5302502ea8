import type { CaseSummary, Summary } from "../domain/summary.js";
import { summarise } from "../domain/summary.js";
import { qualityFlags } from "../schema/quality.js";
import type { Result } from "../schema/result.js";
import { counted, threeDigits } from "./numbers.js";
import { plainTable } from "./table.js";

/** The table at the end of a campaign: per case the median over launches and, in brackets, the range. */
export function campaignTable(results: readonly Result[]): string {
  const cases = summarise(results);
  const columns = [
    { title: "case" },
    { title: "launches", align: "right" as const },
    { title: "output tok/s", align: "right" as const },
    { title: "TTFT ms", align: "right" as const },
    { title: "ITL ms", align: "right" as const },
    { title: "J/output token", align: "right" as const },
    { title: "flags" },
  ];
  const rows = cases.map((each) => [
    each.slug,
    launchesCell(each),
    cell(each.metric("output_tokens_per_s")),
    cell(each.typical("ttft_ms")),
    cell(each.typical("itl_ms")),
    cell(each.metric("energy_per_output_token_j")),
    each.flags.join(" ") || "-",
  ]);
  return [plainTable(columns, rows), "", ...notes(cases, results)].join("\n");
}

function launchesCell({ launches, invalid, failed }: CaseSummary): string {
  const others = [
    invalid > 0 ? `${String(invalid)} invalid` : "",
    failed.length > 0 ? `${String(failed.length)} failed` : "",
  ];
  const told = others.filter((text) => text !== "").join(", ");
  return told === "" ? String(launches) : `${String(launches)} (+${told})`;
}

function cell(summary: Summary): string {
  if (summary.status === "unavailable") return "unavailable";
  const median = threeDigits(summary.median);
  const range = summary.n === 1 ? "" : ` [${threeDigits(summary.min)}..${threeDigits(summary.max)}]`;
  return `${median}${range}${summary.status === "simulated" ? " sim" : ""}`;
}

function notes(cases: readonly CaseSummary[], results: readonly Result[]): string[] {
  const most = Math.max(0, ...cases.map((each) => each.launches));
  const lines = [
    `median [min..max] over launches; ${most < 5 ? `with ${counted(most, "launch")} descriptive only, no claim of a difference` : "no test was made"}`,
  ];
  const drives = new Set(cases.flatMap((each) => (each.drive === undefined ? [] : [each.drive])));
  if (drives.size > 1) {
    lines.push(
      `not comparable with each other: cases driven by ${[...drives].join(" and by ")} (HTTP and its parsing are inside one of them)`,
    );
  }
  const prompts = new Set(results.flatMap((result) => (result.status === "failed" ? [] : [result.prompts_sha256])));
  if (prompts.size > 1) lines.push("not comparable with each other: cases with different prompts");
  if (results.some((result) => result.status !== "failed" && result.simulated)) {
    lines.push("sim: simulated values, not measurements");
  }
  for (const message of new Set(cases.flatMap((each) => energyNote(each)))) {
    lines.push(`energy unavailable: ${message}`);
  }
  for (const code of new Set(cases.flatMap((each) => each.flags))) {
    lines.push(`${code}: ${qualityFlags[code]}`);
  }
  for (const failure of new Set(
    cases.flatMap((each) =>
      each.failed.map((result) => `${each.slug} failed: ${result.error.message} [${result.error.code}]`),
    ),
  )) {
    lines.push(failure);
  }
  return lines;
}

function energyNote(summary: CaseSummary): string[] {
  const energy = summary.metric("energy_gpu_j");
  return energy.status === "unavailable" && energy.reason !== "run_failed" ? [energy.message] : [];
}
