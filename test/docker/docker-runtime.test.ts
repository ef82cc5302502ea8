import { describe, expect, it } from "vitest";
import { sidecarMeter } from "../../src/adapters/meter/sidecar/meter.js";
import { dockerRuntime } from "../../src/adapters/runtime/docker/runtime.js";
import { LemError } from "../../src/index.js";
import type { UnitSpec } from "../../src/ports/runtime.js";
import { runtimeContract } from "../contract/runtime-contract.js";
import { docker, gpu0, gpu1, labelled } from "./engine.js";

const signal = AbortSignal.timeout(60_000);

function sidecar(gpus: readonly string[] | "all"): UnitSpec {
  return sidecarMeter.unit({ source: "nvml", gpus, gpuDriver: "nvidia", runtime: "docker", token: "t" });
}

describe("docker runtime", () => {
  runtimeContract({
    make: dockerRuntime,
    working: sidecar("all"),
    ending: {
      ...sidecar([gpu0]),
      env: { ...sidecar([gpu0]).env, LEM_GPU_UUIDS: "GPU-00000000-0000-4000-8000-000000000000" },
    },
    leftovers: async (launchId) => labelled(`lem.launch=${launchId}`),
  });

  it("gives a container least rights, its own network, one loopback port and the GPUs asked for", async () => {
    await using site = await dockerRuntime().openSite({ campaignId: "c", launchId: "rights", outgoing: false }, signal);
    const spec = { ...sidecar([gpu1]), shmBytes: 1 << 28, memoryBytes: 1 << 29 };
    const unit = await (await site.prepare(spec, signal)).start(signal);
    const { HostConfig, Config, NetworkSettings } = await docker.getContainer(unit.id).inspect();

    expect(HostConfig).toMatchObject({
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ShmSize: 1 << 28,
      Memory: 1 << 29,
      Privileged: false,
    });
    expect(HostConfig.DeviceRequests).toMatchObject([
      { Driver: "nvidia", DeviceIDs: [gpu1], Capabilities: [["gpu", "utility"]] },
    ]);
    expect(Config.User).toBe("10001:10001");
    expect(Object.keys(NetworkSettings.Networks)).toEqual([expect.not.stringMatching(/^(bridge|host)$/)]);
    expect(NetworkSettings.Ports["9100/tcp"]).toMatchObject([{ HostIp: "127.0.0.1" }]);
    const inside = await unit.exec(["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"], signal);
    expect(inside).toEqual({ code: 0, stdout: `${gpu1}\n` });
  });

  it("asks for GPUs by CDI name where that is the driver", async () => {
    await using site = await dockerRuntime().openSite({ campaignId: "c", launchId: "cdi", outgoing: false }, signal);
    const prepared = await site.prepare({ ...sidecar([gpu0]), gpuDriver: "cdi" }, signal);
    const [container] = await docker.listContainers({ all: true, filters: { label: ["lem.launch=cdi"] } });
    const { HostConfig } = await docker.getContainer(container?.Id ?? "").inspect();

    expect(HostConfig.DeviceRequests).toMatchObject([{ Driver: "cdi", DeviceIDs: [`nvidia.com/gpu=${gpu0}`] }]);
    // This engine knows no CDI: the start fails, says so, and the container goes with its site.
    await expect(prepared.start(signal)).rejects.toMatchObject({ code: "GPU_NOT_AVAILABLE" });
  });

  it("names the image that is missing", async () => {
    await using site = await dockerRuntime().openSite(
      { campaignId: "c", launchId: "missing", outgoing: false },
      signal,
    );
    const failure = await site
      .prepare({ ...sidecar([]), image: "lem/no-such-image:dev" }, signal)
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(LemError);
    expect(failure).toMatchObject({
      code: "IMAGE_MISSING",
      message: expect.stringContaining("lem/no-such-image:dev") as string,
    });
    expect(await dockerRuntime().imageDigest("lem/no-such-image:dev", signal)).toBeUndefined();
  });

  it("keeps secrets out of labels, names and arguments", async () => {
    await using site = await dockerRuntime().openSite({ campaignId: "c", launchId: "secret", outgoing: false }, signal);
    const unit = await (
      await site.prepare({ ...sidecar([gpu0]), secretEnv: { LEM_TOKEN: "s3cret-token" } }, signal)
    ).start(signal);
    const { Config, Name, Path, Args } = await docker.getContainer(unit.id).inspect();

    expect(JSON.stringify([Config.Labels, Config.Cmd, Name, Path, Args])).not.toContain("s3cret-token");
  });
});

describe("sweeping", () => {
  const dead = `here/no-such-boot/1/999999/1/-`;

  async function container(name: string, labels: Record<string, string>): Promise<void> {
    await docker.createContainer({ name, Image: "lem/sidecar:dev", Labels: labels });
  }

  it("removes what a dead controller of this machine left, and nothing of anybody else", async () => {
    const { currentOwner, formatOwner } = await import("../../src/adapters/owner/shared/owner.js");
    const self = currentOwner();
    const ownDead = dead.replace("here", self.machine);
    await container("lem-test-orphan", { "lem.owner": ownDead });
    await container("lem-test-alive", { "lem.owner": formatOwner(self) });
    await container("lem-test-elsewhere", { "lem.owner": dead.replace("here", "another-machine") });
    await container("lem-test-stranger", {});
    await docker.createNetwork({ Name: "lem-test-orphan-net", Labels: { "lem.owner": ownDead } });

    const removed = await dockerRuntime().sweep(signal);

    const left = (await docker.listContainers({ all: true })).map(({ Names }) => Names[0]);
    await Promise.all(
      ["alive", "elsewhere", "stranger"].map(async (name) => docker.getContainer(`lem-test-${name}`).remove()),
    );
    expect(removed.toSorted()).toEqual(["lem-test-orphan", "lem-test-orphan-net"]);
    expect(left).toEqual(expect.arrayContaining(["/lem-test-alive", "/lem-test-elsewhere", "/lem-test-stranger"]));
  });
});
