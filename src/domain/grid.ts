import type { Campaign } from "../schema/campaign.js";
import type { Fields } from "./paths.js";
import { isFields, valueAt, withValueAt } from "./paths.js";
import { canonicalJson } from "./canonical-json.js";

/** One combination of the axes, before defaults are filled in. */
export interface Combination {
  readonly axes: Fields;
  /** Position of each axis value in its list, for messages. */
  readonly positions: Readonly<Record<string, number>>;
  readonly fields: Fields;
  /** Paths that an entry of `overrides` has set, and which entry was the last to do so. */
  readonly overriddenBy: Readonly<Record<string, number>>;
}

export interface Grid {
  readonly combinations: readonly Combination[];
  /** How many combinations each entry of `exclude` removed, in the order of the file. */
  readonly excluded: readonly number[];
}

/** Keys of the campaign file that are not fields of a case. */
export const campaignKeys = ["schema", "name", "axes", "exclude", "overrides", "repeat"] as const;

/** The plain case fields of a campaign, without axes and overrides. */
function caseFieldsOf(campaign: Campaign): Fields {
  const own = new Set<string>(campaignKeys);
  return Object.fromEntries(Object.entries(campaign).filter(([key, value]) => !own.has(key) && value !== undefined));
}

/** Crosses the axes (the last one turns fastest), removes what `exclude` matches, applies `overrides` in order. */
export function expandGrid(campaign: Campaign): Grid {
  const axes = Object.entries(campaign.axes ?? {});
  const base = caseFieldsOf(campaign);
  let combinations: Combination[] = [{ axes: {}, positions: {}, fields: base, overriddenBy: {} }];
  for (const [path, values] of axes) {
    combinations = combinations.flatMap((combination) =>
      values.map((value, position) => ({
        ...combination,
        axes: { ...combination.axes, [path]: value },
        positions: { ...combination.positions, [path]: position },
        fields: withValueAt(combination.fields, path, value),
      })),
    );
  }
  const excluded: number[] = [];
  for (const pattern of campaign.exclude ?? []) {
    const kept = combinations.filter((combination) => !matches(combination.fields, pattern));
    excluded.push(combinations.length - kept.length);
    combinations = kept;
  }
  return { combinations: combinations.map((combination) => override(combination, campaign)), excluded };
}

function override(combination: Combination, campaign: Campaign): Combination {
  let fields = combination.fields;
  const overriddenBy: Record<string, number> = {};
  for (const [index, { match, set }] of (campaign.overrides ?? []).entries()) {
    if (!matches(fields, match)) continue;
    for (const [path, value] of Object.entries(set)) {
      fields = withValueAt(fields, path, value);
      overriddenBy[path] = index;
    }
  }
  return { ...combination, fields, overriddenBy };
}

/** True when every path of the pattern has the given value, or one of the values of a list. */
export function matches(fields: Fields, pattern: Fields): boolean {
  return Object.entries(pattern).every(([path, wanted]) => {
    const value = valueAt(fields, path);
    const choices = Array.isArray(wanted) && !Array.isArray(value) ? wanted : [wanted];
    return choices.some((choice) => sameValue(value, choice));
  });
}

function sameValue(value: unknown, wanted: unknown): boolean {
  if (isFields(value) && isFields(wanted)) return matches(value, wanted);
  return value !== undefined && canonicalJson(value) === canonicalJson(wanted);
}
