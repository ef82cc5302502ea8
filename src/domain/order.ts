import { seededRandom, shuffled } from "./random.js";

/** Cases that share one launch, under a key that is equal exactly when no restart is needed between them. */
export interface LaunchGroup {
  readonly key: string;
  readonly cases: readonly string[];
}

export interface OrderedLaunch {
  readonly index: number;
  readonly cycle: number;
  readonly cases: readonly string[];
}

/**
 * The order of all launches. `blocked`: every cycle visits all launches in a fresh random order, and the runs inside a
 * launch are shuffled too, so that slow drifts (temperature, time of day) do not favour a case. The same seed gives the
 * same order.
 */
export function orderLaunches(
  groups: readonly LaunchGroup[],
  repeat: { readonly cycles: number; readonly order: "blocked" | "sequential"; readonly seed: number },
): OrderedLaunch[] {
  const random = seededRandom(repeat.seed);
  const launches: OrderedLaunch[] = [];
  for (let cycle = 1; cycle <= repeat.cycles; cycle++) {
    const block = repeat.order === "blocked" ? shuffled(groups, random) : groups;
    for (const group of block) {
      const cases = repeat.order === "blocked" ? shuffled(group.cases, random) : group.cases;
      launches.push({ index: launches.length, cycle, cases });
    }
  }
  return launches;
}
