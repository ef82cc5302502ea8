import type { ContainerCreateOptions, DeviceRequest } from "dockerode";
import type { LaunchIdentity, UnitSpec } from "../../../ports/runtime.js";
import { labels } from "./labels.js";

export interface Placement {
  readonly identity: LaunchIdentity;
  /** Id of the launch's network, or `container:ID` for the network stack of another unit. */
  readonly network: string;
  /** Ports to publish on the host's loopback; of a guest none, since it has no network stack of its own. */
  readonly publish: readonly number[];
  readonly owner: string;
  /** Path on the engine's host for a path that this process sees. */
  hostPath(path: string): string;
}

/** lem's images all run as this user; a bind mount only has to be readable for others. */
const user = "10001:10001";

/** How a unit looks to the engine: its own network, least rights, one loopback port, the GPUs asked for and no others. */
export function containerOptions(spec: UnitSpec, placement: Placement): ContainerCreateOptions {
  const { identity } = placement;
  const ports = placement.publish.map((port) => `${String(port)}/tcp`);
  return {
    name: `lem-${identity.launchId.toLowerCase()}-${spec.role}`,
    Image: spec.image,
    Cmd: [...spec.command],
    Env: Object.entries({ ...spec.env, ...spec.secretEnv }).map(([name, value]) => `${name}=${value}`),
    User: user,
    AttachStdout: true,
    AttachStderr: true,
    // The controller watches over the unit itself; a probe of the image would run inside the measured windows.
    Healthcheck: { Test: ["NONE"] },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    Labels: {
      [labels.owner]: placement.owner,
      [labels.campaign]: identity.campaignId,
      [labels.launch]: identity.launchId,
      [labels.role]: spec.role,
    },
    HostConfig: {
      NetworkMode: placement.network,
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: "127.0.0.1", HostPort: "" }]])),
      Mounts: spec.mounts.map((mount) => ({
        Type: "bind",
        Source: placement.hostPath(mount.source),
        Target: mount.target,
        ReadOnly: mount.readOnly,
      })),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      LogConfig: { Type: "json-file", Config: { "max-size": "16m", "max-file": "1" } },
      ...(spec.shmBytes === undefined ? {} : { ShmSize: spec.shmBytes }),
      ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
      ...deviceRequests(spec),
    },
  };
}

function deviceRequests(spec: UnitSpec): { DeviceRequests?: DeviceRequest[] } {
  if (spec.gpus !== "all" && spec.gpus.length === 0) return {};
  if (spec.gpuDriver === "cdi") {
    const names = spec.gpus === "all" ? ["all"] : spec.gpus;
    return { DeviceRequests: [{ Driver: "cdi", DeviceIDs: names.map((name) => `nvidia.com/gpu=${name}`) }] };
  }
  // A meter reads; it needs no right to compute, and with it no CUDA context could be opened by accident.
  const capabilities = spec.role === "sidecar" ? ["gpu", "utility"] : ["gpu", "compute", "utility"];
  const which = spec.gpus === "all" ? { Count: -1 } : { DeviceIDs: [...spec.gpus] };
  return { DeviceRequests: [{ Driver: "nvidia", Capabilities: [capabilities], ...which }] };
}
