import { Args, Flags } from "@oclif/core";

export const campaignArgs = {
  file: Args.string({ required: true, description: "campaign file (YAML)" }),
};

export const campaignFlags = {
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description:
      "set a value of all cases, stronger than the file; repeatable; LEM_SET holds more, separated by spaces",
    helpValue: "path=value",
  }),
};

/** Settings of the environment first, so that those of the command line win. */
export function settings(flags: { readonly set?: string[] | undefined }): string[] {
  const fromEnvironment = (process.env["LEM_SET"] ?? "").split(" ").filter((setting) => setting !== "");
  return [...fromEnvironment, ...(flags.set ?? [])];
}
