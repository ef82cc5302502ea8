import type { SidecarInfo, wireProtocol } from "../schema/wire.js";
import { exitCodes, type ExitCode } from "../workers/server/exit-codes.js";
import { openNvml, type Nvml, type NvmlDevice } from "../workers/server/nvml.js";
import { programVersion } from "../workers/server/version.js";
import { GpuReader, type Reader } from "./gpu-reader.js";
import type { SidecarOptions } from "./options.js";
import { simulatedGpu, SimulatedReader } from "./simulated-reader.js";

/** Only the type comes from the schema: loading it would load zod, and double the time to start. */
const protocol: typeof wireProtocol = "lem/wire/1";

export interface OpenDevices {
  readonly status: "open";
  readonly info: SidecarInfo;
  /** In the order of `info.gpus`. */
  readonly readers: readonly Reader[];
}

export interface DeviceFailure {
  readonly status: "failed";
  readonly code: ExitCode;
  readonly message: string;
}

/** Opens the source that is asked for. */
export function openDevices(options: SidecarOptions, env: NodeJS.ProcessEnv): OpenDevices | DeviceFailure {
  return options.source === "simulated" ? openSimulated(options.periodMs) : openNvmlDevices(options, env);
}

function openSimulated(periodMs: number): OpenDevices {
  const gpu = {
    ...simulatedGpu,
    power_limit_w: 400,
    memory_total_bytes: null,
    energy_counter: true,
  };
  const info: SidecarInfo = {
    ...programInfo(periodMs),
    source: "simulated",
    simulated: true,
    driver: "none",
    gpus: [gpu],
  };
  return { status: "open", info, readers: [new SimulatedReader()] };
}

/** Opens NVML and the GPUs that are asked for; all of them must be there. */
function openNvmlDevices(options: SidecarOptions, env: NodeJS.ProcessEnv): OpenDevices | DeviceFailure {
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

function programInfo(periodMs: number): Pick<SidecarInfo, "protocol" | "version" | "pid" | "role" | "period_ms"> {
  return { protocol, version: programVersion(), pid: process.pid, role: "sidecar", period_ms: periodMs };
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
    ...programInfo(periodMs),
    source: "nvml",
    simulated: nvml.simulated,
    driver: nvml.driver,
    gpus: devices.map(({ handle, uuid, name }, index) => ({
      uuid,
      name,
      power_limit_w: enforcedLimit(handle, limitMw) === 0 ? (limitMw[0] ?? 0) / 1000 : null,
      memory_total_bytes: readers[index]?.memory()?.totalBytes ?? null,
      energy_counter: readers[index]?.hasEnergyCounter ?? false,
    })),
  };
}
