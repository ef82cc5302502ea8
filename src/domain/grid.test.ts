import { describe, expect, it } from "vitest";
import type { Campaign } from "../schema/campaign.js";
import { expandGrid, matches } from "./grid.js";

const campaign = (parts: Partial<Campaign>): Campaign => ({
  schema: "lem/campaign/1",
  name: "test",
  repeat: { cycles: 1, order: "sequential", seed: 1 },
  ...parts,
});

describe("expandGrid", () => {
  it("crosses the axes, the last one fastest", () => {
    const { combinations } = expandGrid(campaign({ axes: { backend: ["a", "b"], concurrency: [1, 8] } }));

    expect(combinations.map(({ axes }) => axes)).toEqual([
      { backend: "a", concurrency: 1 },
      { backend: "a", concurrency: 8 },
      { backend: "b", concurrency: 1 },
      { backend: "b", concurrency: 8 },
    ]);
  });

  it("has one combination without axes", () => {
    expect(expandGrid(campaign({ backend: "a" })).combinations.map(({ fields }) => fields)).toEqual([{ backend: "a" }]);
  });

  it("excludes partial matches and counts them per entry", () => {
    const grid = expandGrid(
      campaign({
        axes: { backend: ["a", "b"], concurrency: [1, 8, 32] },
        exclude: [
          { backend: "a", concurrency: [8, 32] },
          { backend: "b", concurrency: 1 },
        ],
      }),
    );

    expect(grid.excluded).toEqual([2, 1]);
    expect(grid.combinations.map(({ axes }) => axes)).toEqual([
      { backend: "a", concurrency: 1 },
      { backend: "b", concurrency: 8 },
      { backend: "b", concurrency: 32 },
    ]);
  });

  it("applies overrides in order, the last one wins, and remembers which", () => {
    const { combinations } = expandGrid(
      campaign({
        axes: { backend: ["a", "b"] },
        overrides: [
          { match: { backend: "a" }, set: { "a.threads": 1, dtype: "x" } },
          { match: { backend: ["a", "b"] }, set: { dtype: "y" } },
        ],
      }),
    );

    expect(combinations.map(({ fields }) => fields)).toEqual([
      { backend: "a", a: { threads: 1 }, dtype: "y" },
      { backend: "b", dtype: "y" },
    ]);
    expect(combinations[0]?.overriddenBy).toEqual({ "a.threads": 0, dtype: 1 });
  });

  it("sets nested axes without losing their siblings", () => {
    const { combinations } = expandGrid(campaign({ workload: { seed: 7 }, axes: { "workload.input_tokens": [10] } }));

    expect(combinations[0]?.fields).toEqual({ workload: { seed: 7, input_tokens: 10 } });
  });
});

describe("matches", () => {
  it.each([
    [{ model: { id: "x", path: "p" } }, { model: { id: "x" } }, true],
    [{ model: { id: "x" } }, { "model.id": ["w", "x"] }, true],
    [{ gpus: [0] }, { gpus: [0] }, true],
    [{ gpus: [0] }, { gpus: [1] }, false],
    [{ backend: "a" }, { concurrency: 1 }, false],
  ])("%j against %j is %s", (fields, pattern, expected) => {
    expect(matches(fields, pattern)).toBe(expected);
  });
});
