import type { RunRequest } from "../../schema/wire.js";
import type { WorkerConfig } from "./config.js";
import type { EngineInfo } from "./engine.js";

/**
 * Why the loaded engine cannot do this run as asked, or undefined when it can. An engine that quietly shortened,
 * queued or shifted would measure other work than the one asked for.
 */
export function refusal(request: RunRequest, config: WorkerConfig, info: EngineInfo): string | undefined {
  if (request.concurrency > config.max_concurrency) {
    return `concurrency ${request.concurrency} is more than the ${config.max_concurrency} that were loaded (max_concurrency)`;
  }
  let [longest, highest] = [0, 0];
  for (const prompt of request.prompts) {
    longest = Math.max(longest, prompt.length);
    for (const token of prompt) if (token > highest) highest = token;
  }
  if (longest + request.output_tokens > config.max_tokens) {
    return `${longest} input and ${request.output_tokens} output tokens are more than the ${config.max_tokens} that were loaded (max_tokens)`;
  }
  if (highest >= info.vocabulary_tokens) {
    return `token id ${highest} is not in the vocabulary of ${info.vocabulary_tokens} tokens`;
  }
  return undefined;
}
