import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderLaunches } from "./order.js";

const groups = [
  { key: "a", cases: ["a1", "a2", "a3"] },
  { key: "b", cases: ["b1"] },
  { key: "c", cases: ["c1", "c2"] },
];

describe("orderLaunches", () => {
  it("visits every case once in every cycle, whatever the seed", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 6 }), (seed, cycles) => {
        const launches = orderLaunches(groups, { cycles, order: "blocked", seed });
        for (let cycle = 1; cycle <= cycles; cycle++) {
          const visited = launches.filter((launch) => launch.cycle === cycle).flatMap((launch) => launch.cases);
          expect(visited.toSorted()).toEqual(["a1", "a2", "a3", "b1", "c1", "c2"]);
        }
        expect(launches.map((launch) => launch.index)).toEqual(launches.map((_, index) => index));
      }),
    );
  });

  it("is the same for the same seed and another one for another seed", () => {
    const order = (seed: number): string =>
      JSON.stringify(orderLaunches(groups, { cycles: 5, order: "blocked", seed }));

    expect(order(1)).toBe(order(1));
    expect(order(1)).not.toBe(order(2));
  });

  it("does not favour a place: over many seeds each launch is first about equally often", () => {
    const first = Array.from(
      { length: 3000 },
      (_, seed) => orderLaunches(groups, { cycles: 1, order: "blocked", seed })[0]?.cases[0]?.[0],
    );

    for (const name of ["a", "b", "c"]) {
      const count = first.filter((each) => each === name).length;
      expect(count).toBeGreaterThan(900);
      expect(count).toBeLessThan(1100);
    }
  });

  it("keeps the order of the file when it is sequential", () => {
    const launches = orderLaunches(groups, { cycles: 2, order: "sequential", seed: 9 });

    expect(launches.map((launch) => launch.cases.join())).toEqual([
      "a1,a2,a3",
      "b1",
      "c1,c2",
      "a1,a2,a3",
      "b1",
      "c1,c2",
    ]);
  });
});
