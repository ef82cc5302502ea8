import { describe, expect, it } from "vitest";
import { RunEvent } from "../../schema/wire.js";
import { RunLog } from "./run-log.js";

const idle = (t: number) => ({ type: "idle" as const, t_ns: String(t) });

async function readAll(log: RunLog, cursor = 0): Promise<number[]> {
  const seqs: number[] = [];
  for (let next = cursor; ;) {
    const slice = await log.read(next);
    if (slice === undefined) return seqs;
    const lines = slice.bytes.toString().trimEnd().split("\n");
    for (const line of lines) seqs.push(RunEvent.parse(JSON.parse(line)).seq);
    next = slice.next;
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("RunLog", () => {
  it("numbers events and gives every reader all of them", async () => {
    const log = new RunLog(1);
    const [early, late] = [readAll(log), readAll(log, 3)];
    for (const index of numbers(0, 10)) {
      log.append(idle(index));
      if (index % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    log.end();
    expect(await early).toEqual(numbers(0, 10));
    expect(await late).toEqual(numbers(3, 10));
    expect(await readAll(log, 7)).toEqual(numbers(7, 10));
    expect(await readAll(log, 10)).toEqual([]);
  });

  it("starts inside a chunk", async () => {
    const log = new RunLog(10_000);
    for (const index of numbers(0, 1000)) log.append(idle(index));
    log.end();
    for (const cursor of [0, 1, 2, 500, 999, 1000, 5000]) {
      expect(await readAll(log, cursor)).toEqual(numbers(cursor, 1000));
    }
  });

  it("sends the first line at once and collects the others", async () => {
    const log = new RunLog(10_000);
    log.append(idle(0));
    log.append(idle(1));
    expect(await log.read(0)).toMatchObject({ next: 1 });
    const rest = log.read(1);
    log.append(idle(2));
    log.end();
    expect(await rest).toMatchObject({ next: 3 });
  });

  it("accepts nothing after its end", async () => {
    const log = new RunLog();
    log.append(idle(0));
    log.end();
    log.append(idle(1));
    expect(await readAll(log)).toEqual([0]);
  });

  it("gives a backlog in pieces", async () => {
    const log = new RunLog(0);
    for (const index of numbers(0, 50)) {
      for (const part of numbers(0, 400)) log.append(idle(index * 400 + part));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    log.end();
    const first = await log.read(0);
    expect(first?.bytes.length).toBeLessThan(300_000);
    expect(await readAll(log)).toEqual(numbers(0, 20_000));
  });
});
