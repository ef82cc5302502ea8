import { fileURLToPath } from "node:url";
import type { CampaignOutcome } from "./core/campaign.js";
import { runCampaign } from "./core/campaign.js";
import { parseCampaign, parseSetting } from "./core/parse-campaign.js";
import type { Plan } from "./core/plan.js";
import { planCampaign } from "./core/plan.js";
import type { Ports } from "./ports/index.js";
import type { OnProgress } from "./ports/progress.js";

export interface CampaignFileOptions {
  /** `path=value`, stronger than everything in the file. */
  readonly set?: readonly string[];
}

export interface RunFileOptions extends CampaignFileOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** The campaign of `lem demo`: simulated, in seconds. */
export const demoCampaign = fileURLToPath(new URL("../campaigns/demo.yaml", import.meta.url));

/**
 * Expands a campaign file into cases and an order; starts nothing. Rejects with a LemError that carries every problem of
 * the file (CAMPAIGN_NOT_FOUND, CAMPAIGN_SYNTAX, CAMPAIGN_INVALID, CAMPAIGN_EMPTY).
 */
export async function planFile(ports: Ports, file: string, options: CampaignFileOptions = {}): Promise<Plan> {
  return planCampaign(await parseCampaign(ports.documents, file, (options.set ?? []).map(parseSetting)));
}

/**
 * Plans and runs a campaign file. Failed runs are rows of the outcome; rejects when nothing could be started (all
 * problems at once) and with INTERRUPTED when `signal` aborts, after everything was taken down.
 */
export async function runFile(ports: Ports, file: string, options: RunFileOptions): Promise<CampaignOutcome> {
  const plan = await planFile(ports, file, options);
  return runCampaign(ports, plan, { signal: options.signal, onProgress: options.onProgress ?? (() => undefined) });
}
