import type { CampaignOutcome, Ports } from "../index.js";
import { runFile } from "../index.js";
import { interruptible } from "./interruption.js";
import { progressLine } from "./progress-lines.js";

/** Runs a campaign file with one line per event for `say`; Ctrl-C ends it cleanly. */
export async function runAndReport(
  ports: Ports,
  file: string,
  set: readonly string[],
  say: (line: string) => void,
): Promise<CampaignOutcome> {
  const onProgress = (progress: Parameters<typeof progressLine>[0]): void => {
    const line = progressLine(progress);
    if (line !== undefined) say(line);
  };
  return interruptible(async (signal) => runFile(ports, file, { set, signal, onProgress }), say);
}
