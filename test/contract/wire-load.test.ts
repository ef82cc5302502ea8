import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { wireLoad } from "../../src/adapters/load/wire/load.js";
import { traceRun } from "../../src/domain/requests.js";
import type { RunEvent } from "../../src/schema/wire.js";
import { startProgram, token } from "../support/program.js";
import { settledHealth } from "../support/wire.js";

const config = {
  model: { id: "none" },
  dtype: "auto",
  params: { decode_tokens_per_s: 400, prefill_tokens_per_s: 20_000, jitter: 0, start_s: 0, fault: "none" },
  max_concurrency: 4,
  max_tokens: 64,
};

/** A proxy on loopback that cuts each of its first connections after some bytes of the answer. */
async function cuttingProxy(
  port: number,
  cuts: number[],
): Promise<AsyncDisposable & { readonly baseUrl: string; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const allowed = cuts.shift() ?? Infinity;
    const upstream = connect(port, "127.0.0.1");
    let passed = 0;
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      client.write(data.subarray(0, Math.max(0, allowed - passed)));
      passed += data.length;
      if (passed >= allowed) for (const socket of [client, upstream]) socket.destroy();
    });
    upstream.on("end", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("wire load driver", () => {
  it("loses nothing when the connection breaks, wherever it does", async () => {
    await using worker = startProgram("workers/simulated/main.js", { LEM_CONFIG: JSON.stringify(config) });
    await settledHealth(worker);
    const port = Number(new URL(await worker.baseUrl).port);
    await using proxy = await cuttingProxy(port, [600, 1_111, 2_345]);
    const target = { baseUrl: proxy.baseUrl, token, requestFields: {}, connectionPerRequest: false };
    const events: RunEvent[] = [];
    const request = {
      run_id: "cut",
      scenario: "concurrency" as const,
      concurrency: 4,
      prompts: [[300, 301, 302]],
      output_tokens: 20,
      stop: { requests: 16 },
      seed: 1,
    };
    await wireLoad.run(target, request, (event) => events.push(event), AbortSignal.timeout(30_000));
    const traced = traceRun(events);

    expect(proxy.connections()).toBeGreaterThanOrEqual(4);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
    expect(
      traced.status === "complete" && traced.trace.requests.filter((each) => each.outputTokens === 20).length,
    ).toBe(16);
  });

  it("measures one clock as one clock", async () => {
    await using worker = startProgram("workers/simulated/main.js", { LEM_CONFIG: JSON.stringify(config) });
    const target = { baseUrl: await worker.baseUrl, token, requestFields: {}, connectionPerRequest: false };
    const { offsetNs, uncertaintyNs } = await wireLoad.clockOffset(target, AbortSignal.timeout(10_000));

    expect(offsetNs).toBe(0n);
    expect(uncertaintyNs).toBeGreaterThan(0n);
    expect(uncertaintyNs).toBeLessThan(20_000_000n);
  });

  it("fails when nobody is there", async () => {
    const target = { baseUrl: "http://127.0.0.1:9", token, requestFields: {}, connectionPerRequest: false };
    const request = {
      run_id: "x",
      scenario: "offline" as const,
      concurrency: 1,
      prompts: [[1]],
      output_tokens: 1,
      stop: { requests: 1 },
      seed: 0,
    };

    await expect(wireLoad.run(target, request, () => undefined, AbortSignal.timeout(10_000))).rejects.toMatchObject({
      code: "RUN_FAILED",
    });
  });
});
