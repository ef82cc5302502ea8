import { expect, it } from "vitest";
import { makePrompts } from "./prompts.js";

const workload = { dataset: "synthetic", input_tokens: 64, output_tokens: 1, prompts: 5, seed: 3 } as const;

it("makes the same distinct prompts of the asked length from the same seed", () => {
  const prompts = makePrompts(workload, 2048);

  expect(prompts).toEqual(makePrompts(workload, 2048));
  expect(prompts).not.toEqual(makePrompts({ ...workload, seed: 4 }, 2048));
  expect(prompts.map((prompt) => prompt.length)).toEqual([64, 64, 64, 64, 64]);
  expect(new Set(prompts.map((prompt) => prompt.join())).size).toBe(5);
});

it("keeps away from both ends of the vocabulary, where control tokens are", () => {
  const ids = makePrompts({ ...workload, input_tokens: 2000 }, 2048).flat();

  expect(Math.min(...ids)).toBeGreaterThanOrEqual(307);
  expect(Math.max(...ids)).toBeLessThan(1843);
});
