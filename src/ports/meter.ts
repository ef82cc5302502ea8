import type { Sample, SidecarInfo } from "../schema/wire.js";
import type { Unit, UnitSpec } from "./runtime.js";

export interface MeterNeeds {
  /** `simulated`: one invented GPU, for rehearsals without hardware. */
  readonly source: "nvml" | "simulated";
  readonly gpus: readonly string[] | "all";
  readonly gpuDriver: "nvidia" | "cdi";
  readonly runtime: "docker" | "process";
  readonly token: string;
}

/** A meter that is reading. It keeps on pulling samples until it is disposed of. */
export interface MeterSession extends AsyncDisposable {
  readonly info: SidecarInfo;
  /** Digest of the sidecar's image; none in runtime `process`. */
  readonly imageDigest: string | undefined;
  /** All samples so far, in the order of their sequence numbers. */
  samples(): readonly Sample[];
  /** Samples that were lost because the reader was too slow. */
  lost(): number;
  /** Resolves when samples later than `tNs` are there; rejects with METER_FAILED when they do not come. */
  until(tNs: bigint, signal: AbortSignal): Promise<void>;
}

/** A source of energy and power. */
export interface Meter {
  unit(needs: MeterNeeds): UnitSpec;
  /** Waits until the meter answers, checks its protocol, and starts to pull. */
  attach(unit: Unit, needs: MeterNeeds, signal: AbortSignal): Promise<MeterSession>;
}
