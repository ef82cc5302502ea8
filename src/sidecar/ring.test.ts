import { describe, expect, it } from "vitest";
import { allocateRing, RingReader, RingWriter } from "./ring.js";
import { tickAfter } from "./schedule.js";

const reading = (seq: number) => ({
  beforeNs: BigInt(seq),
  afterNs: BigInt(seq) + 1n,
  energyMj: seq * 10,
  powerMw: 1,
  temperatureCelsius: Number.NaN,
  memoryUsedBytes: 2 ** 40,
});

describe("ring", () => {
  it("gives back what was written", () => {
    const buffer = allocateRing(100);
    const [writer, reader] = [new RingWriter(buffer), new RingReader(buffer)];
    for (let seq = 0; seq < 30; seq++) writer.push(reading(seq));
    expect(reader.head()).toBe(30);
    expect(reader.oldest()).toBe(0);
    expect(reader.at(29)).toEqual(reading(29));
  });

  it("goes on where the former writer stopped", () => {
    const buffer = allocateRing(100);
    new RingWriter(buffer).push(reading(0));
    new RingWriter(buffer).push(reading(1));
    const reader = new RingReader(buffer);
    expect([reader.head(), reader.at(0), reader.at(1)]).toEqual([2, reading(0), reading(1)]);
  });

  it("forgets the oldest and says so", () => {
    const buffer = allocateRing(100);
    const [writer, reader] = [new RingWriter(buffer), new RingReader(buffer)];
    for (let seq = 0; seq < 250; seq++) writer.push(reading(seq));
    expect(reader.oldest()).toBe(151);
    expect(reader.stillThere(150)).toBe(false); // its slot is the next to be written
    expect(reader.stillThere(151)).toBe(true);
    expect(reader.at(151)).toEqual(reading(151));
    expect(reader.at(249)).toEqual(reading(249));
  });
});

it.each([
  [0, 0.2, 1],
  [0, 10.1, 1], // a little late is better than never
  [4, 49, 5],
  [4, 50, 5],
  [4, 87, 9], // four ticks were missed and are left out
  [4, 84, 8],
])("after tick %i, at %d ms, comes tick %i", (tick, sinceStartMs, expected) => {
  expect(tickAfter(tick, sinceStartMs, 10)).toBe(expected);
});
