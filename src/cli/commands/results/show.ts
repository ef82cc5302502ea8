import { Args } from "@oclif/core";
import { showResult, wire } from "../../../index.js";
import { resultText } from "../../../report/result-text.js";
import { outputFlag } from "../../output-flag.js";
import { BaseCommand } from "../../base-command.js";

export default class ResultsShow extends BaseCommand {
  static override summary = "show one result with every number and its definition";
  static override examples = ["<%= config.bin %> results show last", "<%= config.bin %> results show 01KAQ7"];
  static override args = { run: Args.string({ required: true, description: "run id, the start of one, or `last`" }) };

  static override flags = outputFlag;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ResultsShow);
    const { path, result } = await showResult(wire({ output: flags.output }), args.run);
    this.log(`${resultText(result)}\n\n${path}`);
    return { path, result };
  }
}
