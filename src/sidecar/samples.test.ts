import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it } from "vitest";
import { Sample, SamplesLost } from "../schema/wire.js";
import { allocateRing, RingReader, RingWriter } from "./ring.js";
import { sampleLine, sendSamples } from "./samples.js";

const reading = {
  beforeNs: 2n ** 60n,
  afterNs: 2n ** 60n + 5n,
  energyMj: 2 ** 50,
  powerMw: 350_123,
  temperatureCelsius: Number.NaN,
  memoryUsedBytes: Number.NaN,
};

it("writes a sample as the protocol says", () => {
  const line = sampleLine(7, '"GPU-0"', reading);
  expect(line.endsWith("\n")).toBe(true);
  expect(Sample.parse(JSON.parse(line))).toEqual({
    seq: 7,
    gpu_uuid: "GPU-0",
    t_before_ns: "1152921504606846976",
    t_after_ns: "1152921504606846981",
    energy_mj: 2 ** 50,
    power_mw: 350_123,
    temperature_celsius: null,
    memory_used_bytes: null,
  });
});

/** Answer of a ring of 100 samples into which `written` were written, over real HTTP. */
async function answer(written: number, cursor: number, limit = Number.MAX_SAFE_INTEGER): Promise<unknown[]> {
  const buffer = allocateRing(100);
  const writer = new RingWriter(buffer);
  for (let seq = 0; seq < written; seq++) writer.push(reading);
  const server = createServer((_request, response) => {
    void sendSamples(response, new RingReader(buffer), ["GPU-0", "GPU-1"], { cursor, limit });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  server.close();
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line));
}

it("sends what exists from the cursor on", async () => {
  const lines = (await answer(60, 50)).map((line) => Sample.parse(line));
  expect(lines.map(({ seq }) => seq)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
  expect(lines.slice(0, 2).map((line) => line.gpu_uuid)).toEqual(["GPU-0", "GPU-1"]);
  expect(await answer(60, 60)).toEqual([]);
  expect(await answer(60, 61)).toEqual([]);
  expect(await answer(60, 10, 3)).toHaveLength(3);
});

it("tells a late reader first what it lost", async () => {
  const [first, ...rest] = await answer(250, 20);
  expect(SamplesLost.parse(first)).toEqual({ lost: 131, next: 151 });
  expect(rest.map((line) => Sample.parse(line).seq)).toEqual(Array.from({ length: 99 }, (_, index) => 151 + index));
});
