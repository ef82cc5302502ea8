import type { Documents, SourceDocument } from "../ports/documents.js";
import { Campaign } from "../schema/campaign.js";
import { problemsOf } from "./campaign-problems.js";
import { LemError, combine } from "./errors.js";

/** A value given on the command line or in the environment; stronger than everything in the file. */
export interface Setting {
  readonly path: string;
  readonly value: unknown;
}

export interface ParsedCampaign {
  readonly document: SourceDocument;
  readonly campaign: Campaign;
  readonly settings: readonly Setting[];
}

/** Reads and checks a campaign file. Rejects with every problem of the file at once. */
export async function parseCampaign(documents: Documents, file: string, settings: readonly Setting[] = []): Promise<ParsedCampaign> {
  const document = await documents.read(file);
  const parsed = Campaign.safeParse(document.value);
  if (!parsed.success) throw combine(problemsOf(parsed.error, document), "CAMPAIGN_INVALID", `problems in ${file}`);
  return { document, campaign: parsed.data, settings };
}

/** `path=value`, where the value is JSON or else a plain string. */
export function parseSetting(text: string): Setting {
  const split = text.indexOf("=");
  if (split < 1) {
    throw new LemError("CAMPAIGN_INVALID", `cannot read the setting "${text}"`, { hint: "write --set path=value, for example --set gpus=none" });
  }
  const raw = text.slice(split + 1);
  try {
    return { path: text.slice(0, split), value: JSON.parse(raw) as unknown };
  } catch {
    return { path: text.slice(0, split), value: raw };
  }
}
