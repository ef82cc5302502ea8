import type { Ports } from "../ports/index.js";
import type { SidecarInfo } from "../schema/wire.js";
import { makeToken, makeUlid } from "./hash.js";

/** GPUs of the host, in NVML's order, as a sidecar that is given all of them sees them. Rejects when it cannot start. */
export async function listGpus(
  ports: Ports,
  how: { readonly runtime: "docker" | "process"; readonly gpuDriver: "nvidia" | "cdi" },
  signal: AbortSignal,
): Promise<SidecarInfo["gpus"]> {
  const runtime = await ports.runtime(how.runtime);
  const needs = { ...how, source: "nvml", gpus: "all", token: makeToken() } as const;
  const identity = { campaignId: "gpu-list", launchId: makeUlid(ports.clock.wallTime()), outgoing: false };
  await using site = await runtime.openSite(identity, signal);
  const prepared = await site.prepare(ports.meter.unit(needs), signal);
  const unit = await prepared.start(signal);
  await using session = await ports.meter.attach(unit, needs, signal);
  return session.info.gpus;
}
