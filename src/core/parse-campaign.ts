import type { Documents, SourceDocument } from "../ports/documents.js";
import { Campaign } from "../schema/campaign.js";
import { campaignKeys } from "../domain/grid.js";
import { isFields, withValueAt } from "../domain/paths.js";
import type { Path } from "./campaign-problems.js";
import { placeOf, problemsOf } from "./campaign-problems.js";
import type { Place } from "./errors.js";
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
export async function parseCampaign(
  documents: Documents,
  file: string,
  settings: readonly Setting[] = [],
): Promise<ParsedCampaign> {
  const document = await documents.read(file);
  const own = settings.filter(isAboutCampaign);
  let value = document.value;
  for (const setting of own) value = withValueAt(isFields(value) ? value : {}, setting.path, setting.value);
  const parsed = Campaign.safeParse(value);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, value, (path) => placeOfSetting(own, path) ?? placeOf(document, path));
    throw combine(problems, "CAMPAIGN_INVALID", `problems in ${file}`);
  }
  return { document, campaign: parsed.data, settings: settings.filter((setting) => !isAboutCampaign(setting)) };
}

/** Settings such as `repeat.cycles` change the campaign; all others change every case, after axes and overrides. */
function isAboutCampaign({ path }: Setting): boolean {
  return (campaignKeys as readonly string[]).includes(path.split(".")[0] ?? "");
}

/** A setting that decided the value at a path is its place; it stands in no file. */
export function placeOfSetting(settings: readonly Setting[], path: Path): Place | undefined {
  const dotted = path.join(".");
  const decided = settings.findLast(
    (setting) =>
      dotted === setting.path || dotted.startsWith(`${setting.path}.`) || setting.path.startsWith(`${dotted}.`),
  );
  return decided === undefined ? undefined : { file: `--set ${decided.path}`, key: decided.path };
}

/** `path=value`, where the value is JSON or else a plain string. */
export function parseSetting(text: string): Setting {
  const split = text.indexOf("=");
  if (split < 1) {
    throw new LemError("CAMPAIGN_INVALID", `cannot read the setting "${text}"`, {
      hint: "write --set path=value, for example --set gpus=none",
    });
  }
  const raw = text.slice(split + 1);
  try {
    return { path: text.slice(0, split), value: JSON.parse(raw) as unknown };
  } catch {
    return { path: text.slice(0, split), value: raw };
  }
}
