import type { BackendName } from "../schema/backend/index.js";
import type { Backend, Drive, ReadinessLimits } from "./backend.js";
import type { Clock } from "./clock.js";
import type { Documents, ModelFiles } from "./documents.js";
import type { GpuLeases } from "./leases.js";
import type { LoadDriver } from "./load.js";
import type { Meter } from "./meter.js";
import type { Runtime } from "./runtime.js";
import type { Store } from "./store.js";
import type { Environment } from "../schema/result.js";

/** Everything that core asks of the outside. Runtimes are made on first use, since their libraries are slow to load. */
export interface Ports {
  readonly clock: Clock;
  readonly documents: Documents;
  readonly models: ModelFiles;
  readonly store: Store;
  readonly leases: GpuLeases;
  readonly meter: Meter;
  readonly backends: Readonly<Record<BackendName, Backend>>;
  readonly loads: Readonly<Record<Drive, LoadDriver>>;
  runtime(name: "docker" | "process"): Promise<Runtime>;
  environment(): Omit<Environment, "gpus">;
  readonly limits: ReadinessLimits;
  readonly version: string;
}
