import { counted, duration } from "./numbers.js";
import { plainTable } from "./table.js";

export interface PlanView {
  readonly name: string;
  readonly planId: string;
  readonly cycles: number;
  readonly order: string;
  readonly seed: number;
  readonly cases: readonly {
    readonly slug: string;
    readonly id: string;
    readonly runtime: string;
    readonly backend: string;
  }[];
  readonly launches: number;
  readonly runs: number;
  readonly excluded: readonly number[];
  readonly longestS: number;
}

/** What a campaign would do, before anything is started. */
export function planText(plan: PlanView): string {
  const table = plainTable(
    [{ title: "case" }, { title: "backend" }, { title: "runtime" }, { title: "id" }],
    plan.cases.map((each) => [each.slug, each.backend, each.runtime, each.id.slice(0, 12)]),
  );
  const excluded = plan.excluded.map((count, index) => `exclude[${String(index)}] -${String(count)}`).join("  ");
  return [
    `${plan.name}  (plan ${plan.planId.slice(0, 12)})`,
    "",
    table,
    "",
    `${counted(plan.cases.length, "case")} × ${counted(plan.cycles, "cycle")} = ${counted(plan.runs, "run")} in ${counted(plan.launches, "launch")}`,
    ...(excluded === "" ? [] : [excluded]),
    `order ${plan.order}, seed ${String(plan.seed)}; steady windows at most ${duration(plan.longestS)} in all, starts and warm-up come on top`,
    "Nothing was started.",
  ].join("\n");
}
