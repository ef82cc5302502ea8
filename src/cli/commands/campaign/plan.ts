import type { PlanView } from "../../../report/plan-text.js";
import { planText } from "../../../report/plan-text.js";
import type { Plan } from "../../../index.js";
import { planFile, wire } from "../../../index.js";
import { BaseCommand } from "../../base-command.js";
import { campaignArgs, campaignFlags, settings } from "../../campaign-flags.js";

export default class CampaignPlan extends BaseCommand {
  static override summary = "show what a campaign would run, without starting anything";
  static override examples = [
    "<%= config.bin %> campaign plan campaigns/quickstart.yaml",
    "<%= config.bin %> campaign plan grid.yaml --json",
  ];
  static override args = campaignArgs;
  static override flags = campaignFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CampaignPlan);
    const plan = await planFile(wire(), args.file, { set: settings(flags) });
    this.log(planText(viewOf(plan)));
    return {
      name: plan.name,
      plan_id: plan.id,
      cases: plan.cases.map(({ id, slug, axes, config }) => ({ id, slug, axes, config })),
      launches: plan.launches,
      excluded: plan.excluded,
    };
  }
}

function viewOf(plan: Plan): PlanView {
  const configs = new Map(plan.cases.map((planned) => [planned.id, planned.config]));
  const runs = plan.launches.flatMap((launch) => launch.cases);
  return {
    name: plan.name,
    planId: plan.id,
    ...plan.repeat,
    cases: plan.cases.map(({ slug, id, config }) => ({ slug, id, runtime: config.runtime, backend: config.backend })),
    launches: plan.launches.length,
    runs: runs.length,
    excluded: plan.excluded,
    longestS: runs.reduce((sum, id) => sum + (configs.get(id)?.window.steady_s ?? 0), 0),
  };
}
