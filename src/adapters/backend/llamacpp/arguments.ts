import { availableParallelism } from "node:os";
import type { LaunchNeeds } from "../../../ports/backend.js";
import { LlamacppParams } from "../../../schema/backend/llamacpp.js";

/** Tokens that a slot needs beyond prompt and output: start token, and room for the last step. */
const spareTokens = 16;

/** Command line of llama-server. Everything that would change itself silently or reuse earlier work is switched off. */
export function serverArguments(needs: LaunchNeeds, model: readonly string[]): string[] {
  const params = LlamacppParams.parse(needs.config.llamacpp ?? {});
  const contextTokens = params.context_tokens ?? needs.maxTokens + spareTokens;
  const flags: Record<string, string | number> = {
    "--host": "0.0.0.0",
    "--port": 8080,
    "--threads": params.threads ?? Math.max(1, availableParallelism() - 1),
    "--parallel": needs.maxConcurrency,
    "--ctx-size": contextTokens * needs.maxConcurrency,
    "--batch-size": params.batch_size,
    "--flash-attn": params.flash_attention,
    "--cache-type-k": params.kv_cache_dtype,
    "--cache-type-v": params.kv_cache_dtype,
    "--gpu-layers": params.gpu_layers ?? (needs.gpus.length > 0 ? "all" : 0),
    "--cache-ram": 0,
    "--fit": "off",
  };
  const fixed = Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]);
  const extra = Object.entries(params.extra).flatMap(([flag, value]) =>
    value === "" ? [`--${flag}`] : [`--${flag}`, value],
  );
  return [...model, ...fixed, "--no-cache-prompt", "--metrics", ...extra];
}
