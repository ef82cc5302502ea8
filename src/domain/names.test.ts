import { describe, expect, it } from "vitest";
import { didYouMean } from "./did-you-mean.js";
import { slugOf } from "./slug.js";

describe("didYouMean", () => {
  it.each([
    ["matrx", ["axes", "matrix"], "matrix"],
    ["concurency", ["concurrency", "container"], "concurrency"],
    ["zzz", ["axes", "name"], undefined],
  ])("%s among %j is %s", (word, candidates, expected) => {
    expect(didYouMean(word, candidates)).toBe(expected);
  });
});

describe("slugOf", () => {
  it("joins what varies and is safe as a folder name", () => {
    expect(
      slugOf({ backend: "vllm", model: { id: "org/Model 8B" }, concurrency: 8, "vllm.enforce_eager": true }, "x"),
    ).toBe("vllm-model-8b-c8-eetrue");
  });

  it("falls back to the campaign's name when nothing varies", () => {
    expect(slugOf({}, "quick")).toBe("quick");
  });
});
