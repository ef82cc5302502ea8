import type { Sample } from "../schema/wire.js";

/** A moment at which the energy counter was seen to move, and its value from then on. */
export interface CounterEdge {
  readonly tNs: bigint;
  readonly energyJ: number;
}

export type Energy =
  { readonly status: "known"; readonly energyJ: number } | { readonly status: "unknown"; readonly message: string };

export interface Interval {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

const middle = (sample: Sample): bigint => (BigInt(sample.t_before_ns) + BigInt(sample.t_after_ns)) / 2n;

/**
 * Times at which the counter moved. The counter is a staircase: between two edges it stands still, so its value is exact
 * only at an edge. An edge lies between two readings; the middle of them is taken.
 */
export function counterEdges(samples: readonly Sample[]): CounterEdge[] {
  const edges: CounterEdge[] = [];
  let previous: { tNs: bigint; energy: number } | undefined;
  for (const sample of samples) {
    if (sample.energy_mj === null || sample.energy_mj === 0) continue;
    const tNs = middle(sample);
    if (previous !== undefined && sample.energy_mj > previous.energy) {
      edges.push({ tNs: (previous.tNs + tNs) / 2n, energyJ: sample.energy_mj / 1000 });
    }
    previous = { tNs, energy: sample.energy_mj };
  }
  return edges;
}

/** Energy of the interval by the counter, linear between the edges on both sides of each end. Joules. */
export function energyByCounter(edges: readonly CounterEdge[], interval: Interval): Energy {
  const start = counterAt(edges, interval.startNs);
  const end = counterAt(edges, interval.endNs);
  if (start === undefined || end === undefined) {
    return { status: "unknown", message: "the counter did not move on both sides of the window" };
  }
  return { status: "known", energyJ: end - start };
}

function counterAt(edges: readonly CounterEdge[], tNs: bigint): number | undefined {
  const next = edges.findIndex((edge) => edge.tNs >= tNs);
  const [before, after] = [edges[next - 1], edges[next]];
  if (before === undefined || after === undefined) return undefined;
  const share = Number(tNs - before.tNs) / Number(after.tNs - before.tNs);
  return before.energyJ + share * (after.energyJ - before.energyJ);
}

/** Energy of the interval by integrating power readings, each held until the next one. Joules. */
export function energyByPower(samples: readonly Sample[], interval: Interval): Energy {
  const readings = samples.flatMap((sample) =>
    sample.power_mw === null ? [] : [{ tNs: middle(sample), watts: sample.power_mw / 1000 }],
  );
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined || first.tNs > interval.startNs || last.tNs < interval.endNs) {
    return { status: "unknown", message: "the power readings do not cover the window" };
  }
  let energyJ = 0;
  for (const [index, reading] of readings.entries()) {
    const fromNs = reading.tNs > interval.startNs ? reading.tNs : interval.startNs;
    const nextNs = readings[index + 1]?.tNs ?? interval.endNs;
    const toNs = nextNs < interval.endNs ? nextNs : interval.endNs;
    if (toNs > fromNs) energyJ += reading.watts * (Number(toNs - fromNs) / 1e9);
  }
  return { status: "known", energyJ };
}

/** Longest distance between two samples that touch the interval, in milliseconds; undefined with fewer than two. */
export function longestGapMs(samples: readonly Sample[], interval: Interval): number | undefined {
  let longest: number | undefined;
  for (const [index, sample] of samples.entries()) {
    const next = samples[index + 1];
    if (next === undefined) break;
    const [from, to] = [middle(sample), middle(next)];
    if (to < interval.startNs || from > interval.endNs) continue;
    longest = Math.max(longest ?? 0, Number(to - from) / 1e6);
  }
  return longest;
}
