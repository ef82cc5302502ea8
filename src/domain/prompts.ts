import type { Workload } from "../schema/workload.js";
import { below, seededRandom } from "./random.js";

/**
 * Distinct prompts of uniformly random token ids. The lowest 15 % (at most 1000) and the highest 10 % of the vocabulary
 * are left out, because tokenizers keep control and byte tokens there. Backends with equal vocabulary sizes get equal
 * prompts.
 */
export function makePrompts(workload: Workload, vocabularyTokens: number): number[][] {
  const first = Math.min(1000, Math.floor(vocabularyTokens * 0.15));
  const span = Math.max(1, Math.floor(vocabularyTokens * 0.9) - first);
  const random = seededRandom(workload.seed);
  return Array.from({ length: workload.prompts }, () =>
    Array.from({ length: workload.input_tokens }, () => first + below(span, random)),
  );
}
