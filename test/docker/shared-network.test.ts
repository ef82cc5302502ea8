import { request } from "undici";
import { describe, expect, it } from "vitest";
import { sidecarMeter } from "../../src/adapters/meter/sidecar/meter.js";
import { dockerRuntime } from "../../src/adapters/runtime/docker/runtime.js";
import type { Unit, UnitSpec } from "../../src/ports/runtime.js";
import { docker, gpu0, labelled } from "./engine.js";

const signal = AbortSignal.timeout(60_000);
const guestPort = 9200;

/** A sidecar that lends its network stack, and another one in the place of a backend. */
const host: UnitSpec = {
  ...sidecarMeter.unit({ source: "nvml", gpus: [gpu0], gpuDriver: "nvidia", runtime: "docker", token: "t" }),
  guestPorts: [guestPort],
};
const guest: UnitSpec = {
  ...host,
  role: "backend",
  env: { ...host.env, LEM_PORT: String(guestPort) },
  port: guestPort,
  guestPorts: [],
};

async function answers(unit: Unit): Promise<void> {
  await expect
    .poll(
      async () => {
        const { statusCode, body } = await request(`${unit.baseUrl}/v1/health`, {
          headers: { authorization: "Bearer t" },
        });
        await body.dump();
        return statusCode;
      },
      { timeout: 10_000 },
    )
    .toBe(200);
}

describe("a network stack for two units", () => {
  it("reaches both on the loopback through one of them, and leaves nothing", async () => {
    const site = await dockerRuntime().openSite({ campaignId: "c", launchId: "shared", outgoing: false }, signal);
    const preparing = [site.prepare(host, signal), site.prepare(guest, signal)] as const;
    const [preparedHost, preparedGuest] = await Promise.all(preparing);
    const first = await preparedHost.start(signal);
    const second = await preparedGuest.start(signal);
    await Promise.all([answers(first), answers(second)]);

    const [own, borrowed] = await Promise.all([first, second].map(async ({ id }) => docker.getContainer(id).inspect()));
    expect(borrowed?.HostConfig.NetworkMode).toBe(`container:${first.id}`);
    expect(Object.keys(own?.NetworkSettings.Networks ?? {})).toEqual(["lem-shared"]);
    expect(borrowed?.HostConfig.PortBindings).toEqual({});
    for (const port of [host.port, guestPort]) {
      expect(own?.HostConfig.PortBindings[`${String(port)}/tcp`]).toMatchObject([{ HostIp: "127.0.0.1" }]);
    }
    expect(second.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);

    await second.stop();
    await answers(first);
    await site[Symbol.asyncDispose]();
    expect(await labelled("lem.launch=shared")).toEqual([]);
  });

  it("leaves nothing when the guest was never started, or its host has ended", async () => {
    const site = await dockerRuntime().openSite({ campaignId: "c", launchId: "lost", outgoing: false }, signal);
    const [preparedHost, preparedGuest] = await Promise.all([site.prepare(host, signal), site.prepare(guest, signal)]);
    const unit = await preparedHost.start(signal);
    await unit.stop();

    await expect(preparedGuest.start(signal)).rejects.toMatchObject({ code: "DOCKER_FAILED" });
    await site[Symbol.asyncDispose]();
    expect(await labelled("lem.launch=lost")).toEqual([]);
  });
});
