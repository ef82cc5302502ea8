import { z } from "zod";

/** Parameters of llama.cpp, both embedded (runtime `process`) and as `llama-server` (runtime `docker`). */
export const LlamacppParams = z
  .strictObject({
    threads: z
      .int()
      .min(1)
      .optional()
      .describe("CPU threads; default one less than the cores (decode collapses at threads = cores)"),
    batch_size: z.int().min(1).default(512).describe("logical batch size for prompt processing, in tokens (-b)"),
    context_tokens: z.int().min(16).optional().describe("KV cache per slot, in tokens; default input + output + 16"),
    flash_attention: z.enum(["auto", "on", "off"]).default("auto").describe("-fa"),
    kv_cache_dtype: z.enum(["f16", "f32", "q8_0"]).default("f16").describe("type of the KV cache (-ctk, -ctv)"),
    gpu_layers: z
      .union([z.int().min(0), z.literal("all")])
      .optional()
      .describe("layers on the GPU (-ngl); default all with a GPU, 0 without"),
    extra: z
      .record(z.string(), z.string())
      .default({})
      .describe("further llama-server flags, passed as they are and recorded"),
  })
  .describe("llama.cpp");
export type LlamacppParams = z.infer<typeof LlamacppParams>;
