import type { Quantity, Provenance } from "../schema/quantity.js";
import type { WindowName, WindowRecord } from "../schema/result.js";
import type { Sample } from "../schema/wire.js";
import type { Energy, Interval } from "./energy.js";
import { counterEdges, energyByCounter, energyByPower, longestGapMs } from "./energy.js";

export interface NamedWindow extends Interval {
  readonly name: WindowName;
}

/** Energy and power of every GPU in a window, from the counter where it moved and from power otherwise. */
export function windowRecord(
  window: NamedWindow,
  samplesByGpu: ReadonlyMap<string, readonly Sample[]>,
  status: Provenance,
): WindowRecord {
  const seconds = Number(window.endNs - window.startNs) / 1e9;
  return {
    name: window.name,
    start_ns: String(window.startNs),
    end_ns: String(window.endNs),
    gpus: [...samplesByGpu].map(([uuid, all]) => {
      const samples = all.filter((sample) => isNear(sample, window));
      const byPower = energyByPower(samples, window);
      const byCounter = energyByCounter(counterEdges(samples), window);
      const energy = byCounter.status === "known" ? byCounter : byPower;
      const inside = samples.filter(
        (sample) => BigInt(sample.t_before_ns) >= window.startNs && BigInt(sample.t_after_ns) <= window.endNs,
      );
      return {
        uuid,
        energy_j: quantity(energy, status),
        power_mean_w: quantity(
          energy.status === "known" ? { status: "known", energyJ: energy.energyJ / seconds } : energy,
          status,
        ),
        ...(energy.status === "known"
          ? { source: byCounter.status === "known" ? ("counter" as const) : ("power_integral" as const) }
          : {}),
        samples_count: inside.length,
        gap_max_ms: longestGapMs(samples, window) ?? null,
        power_integral_j: quantity(byPower, status),
      };
    }),
  };
}

/** Half a minute around a window is more than any counter needs; times as numbers, since millions are looked at. */
const nearNs = 30e9;

function isNear({ t_before_ns }: Sample, window: Interval): boolean {
  const tNs = Number(t_before_ns);
  return tNs >= Number(window.startNs) - nearNs && tNs <= Number(window.endNs) + nearNs;
}

function quantity(energy: Energy, status: Provenance): Quantity {
  return energy.status === "known"
    ? { status, value: energy.energyJ }
    : { status: "unavailable", reason: "too_few_samples", message: energy.message };
}

/** Samples of each GPU, in the order in which they were taken. */
export function byGpu(samples: readonly Sample[], uuids: readonly string[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>(uuids.map((uuid) => [uuid, []]));
  for (const sample of samples) groups.get(sample.gpu_uuid)?.push(sample);
  return groups;
}
