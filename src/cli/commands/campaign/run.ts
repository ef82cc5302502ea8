import { wire } from "../../../index.js";
import { campaignTable } from "../../../report/campaign-table.js";
import { BaseCommand } from "../../base-command.js";
import { campaignArgs, campaignFlags, settings } from "../../campaign-flags.js";
import { outputFlag } from "../../output-flag.js";
import { runAndReport } from "../../run-and-report.js";

export default class CampaignRun extends BaseCommand {
  static override summary = "run a campaign and print the comparison";
  static override description =
    "Results are stored run by run; a failed run is a row with a code. Ends with 7 when some runs failed.";
  static override examples = [
    "<%= config.bin %> campaign run campaigns/quickstart.yaml",
    "<%= config.bin %> campaign run grid.yaml --set window.steady_s=60 --set gpus=none",
  ];
  static override args = campaignArgs;
  static override flags = { ...campaignFlags, ...outputFlag };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CampaignRun);
    const ports = wire({ output: flags.output });
    const outcome = await runAndReport(ports, args.file, settings(flags), (line) => this.say(line));
    this.log(`\n${campaignTable(outcome.results)}\n\nresults in ${outcome.directory}`);
    this.exitWith(outcome.exitCode);
    return {
      directory: outcome.directory,
      campaign_id: outcome.campaignId,
      exit_code: outcome.exitCode,
      results: outcome.results,
    };
  }
}
