import { canonicalJson } from "./canonical-json.js";
import type { Fields } from "./paths.js";
import { leaves, valueAt } from "./paths.js";

export interface Difference {
  readonly path: string;
  readonly resolved: unknown;
  readonly effective: unknown;
}

/**
 * Values that were asked for and that the engine reports otherwise. What was left to the engine (`auto`, or nothing) is
 * no difference: the effective configuration holds it.
 */
export function configDifferences(resolved: Fields, effective: Fields): Difference[] {
  return leaves(resolved).flatMap(([path, wanted]): Difference[] => {
    const used = valueAt(effective, path);
    if (wanted === "auto" || wanted === "all" || wanted === undefined || used === undefined) return [];
    return canonicalJson(wanted) === canonicalJson(used) ? [] : [{ path, resolved: wanted, effective: used }];
  });
}
