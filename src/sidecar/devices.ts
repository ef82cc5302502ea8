import type { SidecarInfo, wireProtocol } from "../schema/wire.js";
import { exitCodes, type ExitCode } from "../workers/server/exit-codes.js";
import { openNvml, type Nvml, type NvmlDevice } from "../workers/server/nvml.js";
import { programVersion } from "../workers/server/version.js";
import { GpuReader } from "./gpu-reader.js";
import type { SidecarOptions } from "./options.js";

/** Only the type comes from the schema: loading it would load zod, and double the time to start. */
const protocol: typeof wireProtocol = "lem/wire/1";

export interface OpenDevices {
  readonly status: "open";
  readonly info: SidecarInfo;
  /** In the order of `info.gpus`. */
  readonly readers: readonly GpuReader[];
}

export interface DeviceFailure {
  readonly status: "failed";
  readonly code: ExitCode;
  readonly message: string;
}

/** Opens NVML and the GPUs that are asked for; all of them must be there. */
export function openDevices(options: SidecarOptions, env: NodeJS.ProcessEnv): OpenDevices | DeviceFailure {
  const opened = openNvml(env);
  if (opened.status === "unavailable") {
    return { status: "failed", code: exitCodes.noNvml, message: `NVML not found: ${opened.message}` };
  }
  const { nvml } = opened;
  const missing = options.gpuUuids?.filter((uuid) => !nvml.devices.some((device) => device.uuid === uuid)) ?? [];
  if (missing.length > 0) {
    const visible = nvml.devices.map(({ uuid }) => uuid).join(", ") || "none";
    return {
      status: "failed",
      code: exitCodes.gpuNotVisible,
      message: `GPU not visible: ${missing.join(", ")} (visible: ${visible})`,
    };
  }
  const devices = nvml.devices.filter(({ uuid }) => options.gpuUuids?.includes(uuid) ?? true);
  const readers = devices.map((device) => new GpuReader(nvml, device));
  return { status: "open", info: describe(nvml, devices, readers, options.periodMs), readers };
}

function describe(
  nvml: Nvml,
  devices: readonly NvmlDevice[],
  readers: readonly GpuReader[],
  periodMs: number,
): SidecarInfo {
  const enforcedLimit = nvml.call("nvmlDeviceGetEnforcedPowerLimit", ["void *", "void *"]);
  const limitMw = new Uint32Array(1);
  return {
    protocol,
    version: programVersion(),
    pid: process.pid,
    role: "sidecar",
    source: "nvml",
    simulated: nvml.simulated,
    driver: nvml.driver,
    period_ms: periodMs,
    gpus: devices.map(({ handle, uuid, name }, index) => ({
      uuid,
      name,
      power_limit_w: enforcedLimit(handle, limitMw) === 0 ? (limitMw[0] ?? 0) / 1000 : null,
      memory_total_bytes: readers[index]?.memory()?.totalBytes ?? null,
      energy_counter: readers[index]?.hasEnergyCounter ?? false,
    })),
  };
}
