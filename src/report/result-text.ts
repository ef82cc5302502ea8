import type { MetricName } from "../schema/metric.js";
import { distributionNames, distributions, metricNames, metrics } from "../schema/metric.js";
import type { FinishedResult, Result } from "../schema/result.js";
import { threeDigits } from "./numbers.js";
import { plainTable } from "./table.js";

/** One result for a person: what was measured, the numbers with their definitions, what was found wrong. */
export function resultText(result: Result): string {
  const head = [
    `run      ${result.run_id}  ${result.status}`,
    `case     ${result.case.slug}  (${result.case.id.slice(0, 12)})`,
    `campaign ${result.campaign.name}  cycle ${String(result.campaign.cycle)}  ${result.created_at}`,
    `host     ${result.environment.cpu_model}, ${String(result.environment.cpu_count)} CPUs${result.environment.gpus.map((gpu) => `, ${gpu.name}`).join("")}`,
  ];
  if (result.status === "failed") {
    return [
      ...head,
      "",
      `failed: ${result.error.message} [${result.error.code}]`,
      ...(result.error.hint === undefined ? [] : [`  → ${result.error.hint}`]),
    ].join("\n");
  }
  return [
    ...head,
    ...finishedHead(result),
    "",
    metricsTable(result),
    "",
    distributionsTable(result),
    ...flagLines(result),
  ].join("\n");
}

function finishedHead(result: FinishedResult): string[] {
  const { engine, image, runtime } = result.provenance;
  const lines = [
    `engine   ${engine?.name ?? "?"} ${engine?.version ?? ""}  driven by ${result.drive}, runtime ${runtime.name}`,
  ];
  if (image !== undefined) lines.push(`image    ${image.ref}  ${image.digest}`);
  if (result.gpus.requested.length > 0) lines.push(`gpus     ${result.gpus.requested.join(", ")}`);
  if (result.simulated) lines.push("         SIMULATED: these numbers are not measurements");
  return lines;
}

function metricsTable(result: FinishedResult): string {
  const rows = metricNames.map((name) => {
    const quantity = result.metrics[name];
    const value =
      quantity.status === "unavailable"
        ? `unavailable (${quantity.reason})`
        : format(name, quantity.value) + (quantity.status === "simulated" ? " sim" : "");
    return [name, value, metrics[name].definition];
  });
  return plainTable([{ title: "metric" }, { title: "value", align: "right" }, { title: "definition" }], rows);
}

/** Counts are whole numbers; three digits of 2048 tokens would be wrong, not modest. */
function format(name: MetricName, value: number): string {
  return metrics[name].unit === "1" ? String(Math.round(value)) : threeDigits(value);
}

function distributionsTable(result: FinishedResult): string {
  const rows = distributionNames.map((name) => {
    const found = result.distributions[name];
    if (found.status === "unavailable") return [name, "", "unavailable", "", "", found.message];
    return [
      name,
      String(found.n),
      threeDigits(found.p50),
      threeDigits(found.p90),
      threeDigits(found.p99),
      distributions[name].definition,
    ];
  });
  const right = { align: "right" } as const;
  return plainTable(
    [
      { title: "latency" },
      { title: "n", ...right },
      { title: "p50", ...right },
      { title: "p90", ...right },
      { title: "p99", ...right },
      { title: "definition" },
    ],
    rows,
  );
}

function flagLines(result: FinishedResult): string[] {
  return result.quality.length === 0
    ? []
    : ["", ...result.quality.map((flag) => `${flag.code} ${flag.severity}: ${flag.message}`)];
}
