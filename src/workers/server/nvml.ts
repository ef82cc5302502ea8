import koffi, { type LibraryHandle } from "koffi";

/** Pointers travel as bigint, buffers as typed arrays: the forms that cost koffi least (0.3 µs per call, measured). */
type Argument = number | bigint | Uint8Array | Uint32Array | BigUint64Array;

/** A function of NVML; returns nvmlReturn_t, 0 for success. */
export type NvmlCall = (...args: Argument[]) => number;

export interface NvmlDevice {
  readonly handle: bigint;
  readonly uuid: string;
  readonly name: string;
}

export interface Nvml {
  /** True for the simulated library of lem's tests. */
  readonly simulated: boolean;
  readonly driver: string;
  /** In NVML's order. */
  readonly devices: readonly NvmlDevice[];
  /** A function by name; one that this driver does not have always answers "not supported". */
  readonly call: (name: string, parameters: readonly string[]) => NvmlCall;
}

export type NvmlResult =
  { readonly status: "open"; readonly nvml: Nvml } | { readonly status: "unavailable"; readonly message: string };

const success = 0;
const functionNotFound = 13;

/**
 * Opens and initialises NVML (libnvidia-ml.so.1, or the file named by LEM_NVML_LIBRARY) and lists its devices. Reference:
 * NVIDIA's nvml.h; only functions that every driver since 418 has are required.
 */
export function openNvml(env: NodeJS.ProcessEnv): NvmlResult {
  const path = env["LEM_NVML_LIBRARY"] || "libnvidia-ml.so.1";
  let library: LibraryHandle;
  try {
    library = koffi.load(path);
  } catch (error) {
    return { status: "unavailable", message: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
  const call = caller(library);
  const started = call("nvmlInit_v2", [])();
  if (started !== success) {
    return { status: "unavailable", message: `${path}: nvmlInit: ${errorText(library, started)}` };
  }
  const simulated = has(library, "lem_simulated_nvml");
  const driver = text(call("nvmlSystemGetDriverVersion", ["void *", "uint"]));
  return { status: "open", nvml: { simulated, driver, devices: listDevices(call), call } };
}

function caller(library: LibraryHandle): Nvml["call"] {
  return (name, parameters) => {
    if (!has(library, name)) return () => functionNotFound;
    const bound: NvmlCall = library.func(name, "int", [...parameters]);
    return bound;
  };
}

function has(library: LibraryHandle, name: string): boolean {
  try {
    library.func(name, "int", []);
    return true;
  } catch {
    return false;
  }
}

function errorText(library: LibraryHandle, code: number): string {
  if (!has(library, "nvmlErrorString")) return `error ${code}`;
  const describe: (code: number) => string = library.func("nvmlErrorString", "str", ["int"]);
  return `${describe(code)} (${code})`;
}

function listDevices(call: Nvml["call"]): NvmlDevice[] {
  const count = new Uint32Array(1);
  if (call("nvmlDeviceGetCount_v2", ["void *"])(count) !== success) return [];
  const byIndex = call("nvmlDeviceGetHandleByIndex_v2", ["uint", "void *"]);
  const uuidOf = call("nvmlDeviceGetUUID", ["void *", "void *", "uint"]);
  const nameOf = call("nvmlDeviceGetName", ["void *", "void *", "uint"]);
  return Array.from({ length: count[0] ?? 0 }).flatMap((_, index) => {
    const pointer = new BigUint64Array(1);
    // A device that fell off the bus, or that a container may not open, is simply not visible.
    if (byIndex(index, pointer) !== success) return [];
    const handle = pointer[0] ?? 0n;
    const uuid = text((buffer, size) => uuidOf(handle, buffer, size));
    return [{ handle, uuid, name: text((buffer, size) => nameOf(handle, buffer, size)) }];
  });
}

/** Reads a C string of at most 95 bytes (NVML's longest, NVML_DEVICE_NAME_V2_BUFFER_SIZE, is 96). */
function text(read: (buffer: Uint8Array, size: number) => number): string {
  const buffer = Buffer.alloc(96);
  if (read(buffer, buffer.length) !== success) return "unknown";
  return buffer.toString("utf8", 0, buffer.indexOf(0));
}
