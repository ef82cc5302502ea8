import type { Combination } from "../domain/grid.js";
import { expandGrid } from "../domain/grid.js";
import type { OrderedLaunch } from "../domain/order.js";
import { orderLaunches } from "../domain/order.js";
import type { Fields } from "../domain/paths.js";
import { withValueAt } from "../domain/paths.js";
import { slugOf } from "../domain/slug.js";
import { backendParams } from "../schema/backend/index.js";
import type { BackendName } from "../schema/backend/index.js";
import { CaseConfig, ConsistentCase, fieldsInsideLaunch } from "../schema/case.js";
import type { Repeat } from "../schema/campaign.js";
import type { z } from "zod";
import type { Path } from "./campaign-problems.js";
import { placeOf, problemsOf } from "./campaign-problems.js";
import type { Place } from "./errors.js";
import { LemError, combine } from "./errors.js";
import { hashOf, sha256 } from "./hash.js";
import type { ParsedCampaign, Setting } from "./parse-campaign.js";
import { placeOfSetting } from "./parse-campaign.js";

export interface PlannedCase {
  /** SHA-256 of the canonical JSON of what is measured: the resolved configuration without paths of this host. */
  readonly id: string;
  readonly slug: string;
  readonly axes: Fields;
  readonly requested: Fields;
  readonly config: CaseConfig;
  /** Where in the campaign file the value of a field stands. */
  place(path: string): Place;
}

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly fileSha256: string;
  readonly repeat: z.infer<typeof Repeat>;
  readonly cases: readonly PlannedCase[];
  readonly launches: readonly OrderedLaunch[];
  /** How many combinations each entry of `exclude` removed. */
  readonly excluded: readonly number[];
}

/** Expands a campaign into cases and an order of launches. Throws with every problem at once. */
export function planCampaign(parsed: ParsedCampaign): Plan {
  const { campaign, document } = parsed;
  const grid = expandGrid(campaign);
  if (grid.combinations.length === 0) {
    throw new LemError("CAMPAIGN_EMPTY", "the campaign has no cases left", {
      place: placeOf(document, ["exclude"]),
      hint: `\`exclude\` removes all combinations (${grid.excluded.join(" + ")}); narrow one of its entries`,
    });
  }
  const cases = withUniqueSlugs(resolveCases(grid.combinations, parsed));
  const launches = orderLaunches(launchGroups(cases), campaign.repeat);
  return {
    id: hashOf({ cases: cases.map((planned) => planned.id), launches }),
    name: campaign.name,
    file: document.file,
    fileSha256: sha256(document.text),
    repeat: campaign.repeat,
    cases,
    launches,
    excluded: grid.excluded,
  };
}

function resolveCases(combinations: readonly Combination[], parsed: ParsedCampaign): PlannedCase[] {
  const problems = new Map<string, LemError>();
  const cases = new Map<string, PlannedCase>();
  const note = (problem: LemError): void => {
    problems.set(`${JSON.stringify(problem.place)} ${problem.message}`, problem);
  };
  for (const combination of combinations) {
    const resolved = resolveCase(combination, parsed);
    if (Array.isArray(resolved)) {
      resolved.forEach(note);
      continue;
    }
    const twin = cases.get(resolved.id);
    if (twin !== undefined) note(sameCase(twin, resolved, parsed.settings));
    cases.set(resolved.id, resolved);
  }
  if (problems.size > 0) {
    throw combine([...problems.values()], "CAMPAIGN_INVALID", `problems in ${parsed.document.file}`);
  }
  return [...cases.values()];
}

function resolveCase(combination: Combination, parsed: ParsedCampaign): PlannedCase | LemError[] {
  const locate = (path: Path): Place =>
    placeOfSetting(parsed.settings, path) ?? placeOf(parsed.document, originOf(path, combination));
  let fields = combination.fields;
  for (const setting of parsed.settings) fields = withValueAt(fields, setting.path, setting.value);
  const checked = ConsistentCase.safeParse(fields);
  if (!checked.success) return problemsOf(checked.error, fields, locate);
  const config = withOwnParams(checked.data);
  const { path: _path, ...model } = config.model;
  return {
    id: hashOf({ ...config, model }),
    slug: slugOf(combination.axes, parsed.campaign.name),
    axes: combination.axes,
    requested: fields,
    config,
    place: (path) => locate(path.split(".")),
  };
}

/** Keeps only the parameters of the case's own backend, filled with their defaults. */
function withOwnParams(config: CaseConfig): CaseConfig {
  const others = Object.keys(backendParams).filter((name) => name !== config.backend);
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => !others.includes(key)));
  const params: Record<BackendName, z.ZodType> = backendParams;
  return CaseConfig.parse({ ...own, [config.backend]: params[config.backend].parse(config[config.backend] ?? {}) });
}

/** The place in the file that decided a case's value: the last override that set it, else an axis, else the field. */
function originOf(path: Path, combination: Combination): Path {
  const dotted = path.join(".");
  const covers = (key: string): boolean =>
    dotted === key || dotted.startsWith(`${key}.`) || key.startsWith(`${dotted}.`);
  const override = Object.keys(combination.overriddenBy).find(covers);
  if (override !== undefined) return ["overrides", combination.overriddenBy[override] ?? 0, "set", override];
  const axis = Object.keys(combination.axes).find(covers);
  return axis === undefined ? path : ["axes", axis, combination.positions[axis] ?? 0];
}

function sameCase(a: PlannedCase, b: PlannedCase, settings: readonly Setting[]): LemError {
  const differing = Object.keys(b.axes).filter((axis) => hashOf(a.axes[axis]) !== hashOf(b.axes[axis]));
  const cause = differing[0] ?? Object.keys(b.axes).at(-1) ?? "";
  return new LemError("CAMPAIGN_INVALID", `${a.slug} and ${b.slug} are the same case: ${cause} makes no difference`, {
    place: b.place(cause),
    hint: settings.some(({ path }) => path === cause)
      ? `a setting decides it for all cases; set the axis instead: --set 'axes={"${cause}":[…]}'`
      : "a repeated value, a parameter of another backend, or models with the same id; exclude one or give it an id of its own",
  });
}

function withUniqueSlugs(cases: readonly PlannedCase[]): PlannedCase[] {
  const counts = new Map<string, number>();
  for (const { slug } of cases) counts.set(slug, (counts.get(slug) ?? 0) + 1);
  return cases.map((planned) =>
    counts.get(planned.slug) === 1 ? planned : { ...planned, slug: `${planned.slug}-${planned.id.slice(0, 6)}` },
  );
}

function launchGroups(cases: readonly PlannedCase[]): { key: string; cases: string[] }[] {
  const inside = new Set<string>(fieldsInsideLaunch);
  const groups = new Map<string, string[]>();
  for (const planned of cases) {
    const key = hashOf(Object.fromEntries(Object.entries(planned.config).filter(([field]) => !inside.has(field))));
    groups.set(key, [...(groups.get(key) ?? []), planned.id]);
  }
  return [...groups].map(([key, ids]) => ({ key, cases: ids }));
}
