import type { MetricName, DistributionName } from "../schema/metric.js";
import type { Distribution, Quantity, Unavailable } from "../schema/quantity.js";
import type { FinishedResult, Result } from "../schema/result.js";
import type { QualityCode } from "../schema/quality.js";
import { quantile } from "./distribution.js";

/** One number per launch, put together: median and range, without any claim about an interval. */
export type Summary =
  | {
      readonly status: "measured" | "simulated";
      readonly n: number;
      readonly median: number;
      readonly min: number;
      readonly max: number;
    }
  | Unavailable;

export interface CaseSummary {
  readonly caseId: string;
  readonly slug: string;
  readonly drive: string | undefined;
  readonly launches: number;
  /** Finished runs with a finding that forbids to use them; not in the medians. */
  readonly invalid: number;
  readonly failed: readonly Extract<Result, { status: "failed" }>[];
  readonly flags: readonly QualityCode[];
  metric(name: MetricName): Summary;
  /** The median of the distribution, one per launch. */
  typical(name: DistributionName): Summary;
}

/** Results of a campaign by case, in the order in which the cases first appear. */
export function summarise(results: readonly Result[]): CaseSummary[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) groups.set(result.case.id, [...(groups.get(result.case.id) ?? []), result]);
  return [...groups]
    .map(([caseId, group]) => summaryOf(caseId, group))
    .toSorted((a, b) => a.slug.localeCompare(b.slug));
}

function summaryOf(caseId: string, group: readonly Result[]): CaseSummary {
  const finished = group.filter((result): result is FinishedResult => result.status !== "failed");
  const valid = finished.filter((result) => !isInvalid(result));
  return {
    caseId,
    slug: group[0]?.case.slug ?? caseId,
    drive: finished[0]?.drive,
    launches: valid.length,
    invalid: finished.length - valid.length,
    failed: group.filter((result) => result.status === "failed"),
    flags: [...new Set(finished.flatMap((result) => result.quality.map((flag) => flag.code)))].toSorted(),
    metric: (name) => overLaunches(valid.map((result) => result.metrics[name])),
    typical: (name) => overLaunches(valid.map((result) => median(result.distributions[name]))),
  };
}

/** A finding that forbids to use the numbers. That they are simulated is no such surprise: it was asked for. */
export function isInvalid(result: FinishedResult): boolean {
  return result.quality.some((flag) => flag.severity === "invalidates" && flag.code !== "E106");
}

function median(distribution: Distribution): Quantity {
  return distribution.status === "unavailable"
    ? distribution
    : { status: distribution.status, value: distribution.p50 };
}

function overLaunches(quantities: readonly Quantity[]): Summary {
  const missing = quantities.find((quantity) => quantity.status === "unavailable");
  if (missing !== undefined) return missing;
  const known = quantities.filter((quantity) => quantity.status !== "unavailable");
  if (known.length === 0) {
    return { status: "unavailable", reason: "run_failed", message: "no valid run of this case" };
  }
  const values = known.map((quantity) => quantity.value).toSorted((a, b) => a - b);
  return {
    status: known.some((quantity) => quantity.status === "simulated") ? "simulated" : "measured",
    n: values.length,
    median: quantile(values, 0.5),
    min: quantile(values, 0),
    max: quantile(values, 1),
  };
}
