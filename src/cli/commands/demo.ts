import { demoCampaign, wire } from "../../index.js";
import { campaignTable } from "../../report/campaign-table.js";
import { outputFlag } from "../output-flag.js";
import { BaseCommand } from "../base-command.js";
import { runAndReport } from "../run-and-report.js";

export default class Demo extends BaseCommand {
  static override summary = "see a whole campaign in seconds, on a simulated engine and GPU";
  static override examples = ["<%= config.bin %> demo"];
  static override flags = outputFlag;

  async run(): Promise<object> {
    const { flags } = await this.parse(Demo);
    this.say("SIMULATED engine and GPU: the numbers below are not measurements");
    const outcome = await runAndReport(wire({ output: flags.output }), demoCampaign, [], (line) => this.say(line));
    this.log(`\nSIMULATED\n\n${campaignTable(outcome.results)}\n\nresults in ${outcome.directory}`);
    const where = flags.output === undefined ? "" : ` -o ${flags.output}`;
    this.say(
      `\nnext: lem results show last${where}\n      lem campaign run campaigns/quickstart.yaml   (a real engine)`,
    );
    this.exitWith(outcome.exitCode);
    return { directory: outcome.directory, exit_code: outcome.exitCode, results: outcome.results };
  }
}
