import { listResults, wire } from "../../../index.js";
import { resultsList } from "../../../report/results-list.js";
import { outputFlag } from "../../output-flag.js";
import { BaseCommand } from "../../base-command.js";

export default class ResultsLs extends BaseCommand {
  static override summary = "list all results, oldest first";
  static override examples = [
    "<%= config.bin %> results ls",
    "<%= config.bin %> results ls --json | jq '.data.results[].path'",
  ];
  static override flags = outputFlag;

  async run(): Promise<object> {
    const { flags } = await this.parse(ResultsLs);
    const { results, unreadable } = await listResults(wire({ output: flags.output }));
    this.log(results.length === 0 ? "no results yet" : resultsList(results.map(({ result }) => result)));
    for (const path of unreadable) this.say(`not a result of this version: ${path}`);
    return { results: results.map(({ path, result }) => ({ path, ...result })), unreadable };
  }
}
