import type { CampaignOutcome, Ports, Progress } from "../index.js";
import { runFile } from "../index.js";
import { interruptible } from "./interruption.js";
import { progressLine } from "./progress-lines.js";

/** Runs a campaign file with one line per event for `say`; Ctrl-C ends it cleanly and says where finished runs are. */
export async function runAndReport(
  ports: Ports,
  file: string,
  set: readonly string[],
  say: (line: string) => void,
): Promise<CampaignOutcome> {
  let directory: string | undefined;
  const onProgress = (progress: Progress): void => {
    if (progress.type === "campaign_start") directory = progress.directory;
    const line = progressLine(progress);
    if (line !== undefined) say(line);
  };
  try {
    return await interruptible(async (signal) => runFile(ports, file, { set, signal, onProgress }), say);
  } catch (error) {
    if (directory !== undefined) say(`what was finished before is in ${directory}`);
    throw error;
  }
}
