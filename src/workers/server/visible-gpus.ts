import type { SeenGpu } from "../../schema/wire.js";

/**
 * GPUs that an engine in this process can use: those of NVML, less those that CUDA_VISIBLE_DEVICES hides. None where
 * there is no NVML. NVML is only asked for names: no CUDA context, which would cost tens of watts.
 */
export async function visibleGpus(env: NodeJS.ProcessEnv): Promise<SeenGpu[]> {
  // Not at the top: an image of a CPU engine may do without the native module.
  const binding = await import("./nvml.js").catch(() => undefined);
  const opened = binding?.openNvml(env);
  if (opened?.status !== "open") return [];
  const seen = opened.nvml.devices.map(({ uuid, name }) => ({ uuid, name }));
  opened.nvml.call("nvmlShutdown", [])();
  return shownByCuda(seen, env["CUDA_VISIBLE_DEVICES"]);
}

/** CUDA's rule: indices and beginnings of UUIDs; the first entry that names no GPU ends the list. */
export function shownByCuda(gpus: readonly SeenGpu[], visible: string | undefined): SeenGpu[] {
  if (visible === undefined) return [...gpus];
  const shown: SeenGpu[] = [];
  for (const entry of visible.split(",").map((part) => part.trim())) {
    const gpu = /^\d+$/.test(entry)
      ? gpus[Number(entry)]
      : gpus.find(({ uuid }) => entry !== "" && uuid.startsWith(entry));
    if (gpu === undefined) break;
    shown.push(gpu);
  }
  return shown;
}
