/** What the sidecar samples. */
export interface SidecarOptions {
  readonly source: "nvml" | "simulated";
  /** Undefined: all GPUs that are visible. */
  readonly gpuUuids: readonly string[] | undefined;
  readonly periodMs: number;
}

export type OptionsResult =
  | { readonly status: "valid"; readonly options: SidecarOptions }
  | { readonly status: "invalid"; readonly message: string };

/** Reads LEM_SOURCE (default nvml), LEM_GPU_UUIDS (a comma list) and LEM_PERIOD_MS (1 to 1000, default 10). */
export function readOptions(env: NodeJS.ProcessEnv): OptionsResult {
  const period = env["LEM_PERIOD_MS"] ?? "10";
  const periodMs = Number(period);
  if (!(periodMs >= 1 && periodMs <= 1000)) {
    return { status: "invalid", message: `LEM_PERIOD_MS is not between 1 and 1000: ${period}` };
  }
  const source = env["LEM_SOURCE"] ?? "nvml";
  if (source !== "nvml" && source !== "simulated") {
    return { status: "invalid", message: `LEM_SOURCE is neither nvml nor simulated: ${source}` };
  }
  const uuids = (env["LEM_GPU_UUIDS"] ?? "").split(",").map((uuid) => uuid.trim());
  const named = uuids.filter((uuid) => uuid !== "");
  return { status: "valid", options: { source, gpuUuids: named.length > 0 ? named : undefined, periodMs } };
}
