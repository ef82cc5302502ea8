import { canonicalJson } from "./canonical-json.js";
import type { Fields } from "./paths.js";
import { leaves } from "./paths.js";

export interface Difference {
  readonly path: string;
  readonly resolved?: unknown;
  readonly effective: unknown;
}

/** What the engine uses and what was resolved for it, where they differ; an effective value that nobody set counts too. */
export function configDifferences(resolved: Fields, effective: Fields): Difference[] {
  const asked = new Map(leaves(resolved));
  return leaves(effective).flatMap(([path, value]): Difference[] => {
    if (!asked.has(path)) return [{ path, effective: value }];
    const wanted = asked.get(path);
    return canonicalJson(wanted) === canonicalJson(value) ? [] : [{ path, resolved: wanted, effective: value }];
  });
}
