/**
 * The other files of a Transformers folder. `torch_dtype` and `rope_theta` are what version 4 reads; version 5 reads
 * `dtype` and `rope_parameters`. https://huggingface.co/docs/transformers/model_doc/llama
 */
import { headWidth, NORM_EPSILON, ROPE_THETA } from "./shape.mjs";
import { tokenizerConfig, tokenizerJson } from "./tokenizer.mjs";
import { BEGIN, END, UNKNOWN } from "./vocabulary.mjs";

const SPECIAL_TOKENS = { bos_token_id: BEGIN, eos_token_id: END, pad_token_id: UNKNOWN };

/** @param {import("./shape.mjs").Shape} shape */
const modelConfig = (shape) => ({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  dtype: "float32",
  torch_dtype: "float32",
  vocab_size: shape.vocabulary,
  hidden_size: shape.embedding,
  intermediate_size: shape.feedForward,
  num_hidden_layers: shape.layers,
  num_attention_heads: shape.heads,
  num_key_value_heads: shape.kvHeads,
  head_dim: headWidth(shape),
  max_position_embeddings: shape.context,
  hidden_act: "silu",
  rms_norm_eps: NORM_EPSILON,
  rope_theta: ROPE_THETA,
  rope_parameters: { rope_type: "default", rope_theta: ROPE_THETA },
  attention_bias: false,
  attention_dropout: 0,
  mlp_bias: false,
  tie_word_embeddings: false,
  use_cache: true,
  ...SPECIAL_TOKENS,
});

/**
 * The JSON files by name. config.json comes last: with it the folder is a model.
 * @param {import("./shape.mjs").Shape} shape
 * @returns {[name: string, text: string][]}
 */
export function transformersTexts(shape) {
  /** @type {[string, object][]} */
  const files = [
    ["tokenizer.json", tokenizerJson(shape.vocabulary)],
    ["tokenizer_config.json", tokenizerConfig(shape.context)],
    ["generation_config.json", { do_sample: false, ...SPECIAL_TOKENS }],
    ["config.json", modelConfig(shape)],
  ];
  return files.map(([name, content]) => [name, `${JSON.stringify(content, null, 1)}\n`]);
}
