import { Flags } from "@oclif/core";

export const outputFlag = {
  output: Flags.string({ char: "o", description: "folder of the results", env: "LEM_RESULTS", helpValue: "DIR" }),
};
