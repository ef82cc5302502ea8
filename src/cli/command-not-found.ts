import type { Hook } from "@oclif/core";
import { didYouMean, exitCodes } from "../index.js";

/** One clear line for a command that does not exist. */
const hook: Hook.CommandNotFound = async ({ id, config }) => {
  const wanted = id.replaceAll(":", " ");
  const known = config.commandIDs.map((command) => command.replaceAll(":", " "));
  const near = didYouMean(wanted, known);
  const hint = near === undefined ? `there are: ${known.join(", ")}` : `did you mean "lem ${near}"?`;
  process.stderr.write(`error  there is no command "lem ${wanted}"  [USAGE]\n  → ${hint}\n`);
  process.exit(exitCodes.usage);
};

export default hook;
