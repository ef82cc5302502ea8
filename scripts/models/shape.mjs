/**
 * The shape of the model and the list of its tensors, under the names of both formats.
 *
 * GGUF names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "Standardized tensor names".
 * Transformers names: the state dictionary of LlamaForCausalLM.
 */

/**
 * @typedef {object} Shape
 * @property {number} embedding width of the residual stream
 * @property {number} layers
 * @property {number} heads query heads
 * @property {number} kvHeads key and value heads (grouped-query attention)
 * @property {number} feedForward inner width of the MLP
 * @property {number} vocabulary number of tokens
 * @property {number} context positions
 */

/**
 * What fills a tensor: `ones` (norms), `embedding`, `output` (the rows that score the tokens), `residual` (its output is
 * added to the residual stream) or `inner` (everything else).
 * @typedef {"ones" | "embedding" | "output" | "residual" | "inner"} Role
 */

/**
 * @typedef {object} Tensor
 * @property {string} gguf name in a GGUF file
 * @property {string} transformers name in a safetensors file
 * @property {number[]} dimensions as Transformers has them: [rows, columns], or [length] for a norm
 * @property {Role} role
 * @property {number} [rotaryHeads] query and key only: the heads whose rows are rotated by RoPE
 */

/** 4.0 M parameters: decodes at more than a thousand tokens per second on one core. @type {Readonly<Shape>} */
export const TINY = Object.freeze({
  embedding: 256,
  layers: 4,
  heads: 4,
  kvHeads: 2,
  feedForward: 704,
  vocabulary: 2048,
  context: 4096,
});

export const ROPE_THETA = 10_000;
export const NORM_EPSILON = 1e-5;

/** @param {Shape} shape */
export const headWidth = (shape) => shape.embedding / shape.heads;

/** @param {Shape} shape */
function checkShape(shape) {
  const { embedding, heads, kvHeads, feedForward } = shape;
  if (embedding % heads || heads % kvHeads) throw new RangeError("embedding must divide by heads, heads by kvHeads");
  if (headWidth(shape) % 2) throw new RangeError("RoPE rotates pairs: the width of a head must be even");
  if (embedding % 32 || feedForward % 32) throw new RangeError("Q8_0 needs rows of a multiple of 32 weights");
}

/**
 * @param {Shape} shape
 * @param {number} layer
 * @returns {Tensor[]}
 */
function layerTensors(shape, layer) {
  const { embedding, heads, kvHeads, feedForward } = shape;
  const kvWidth = headWidth(shape) * kvHeads;
  /** @type {[gguf: string, transformers: string, dimensions: number[], role: Role, rotaryHeads?: number][]} */
  const rows = [
    ["attn_norm", "input_layernorm", [embedding], "ones"],
    ["attn_q", "self_attn.q_proj", [embedding, embedding], "inner", heads],
    ["attn_k", "self_attn.k_proj", [kvWidth, embedding], "inner", kvHeads],
    ["attn_v", "self_attn.v_proj", [kvWidth, embedding], "inner"],
    ["attn_output", "self_attn.o_proj", [embedding, embedding], "residual"],
    ["ffn_norm", "post_attention_layernorm", [embedding], "ones"],
    ["ffn_gate", "mlp.gate_proj", [feedForward, embedding], "inner"],
    ["ffn_up", "mlp.up_proj", [feedForward, embedding], "inner"],
    ["ffn_down", "mlp.down_proj", [embedding, feedForward], "residual"],
  ];
  return rows.map(([gguf, transformers, dimensions, role, rotaryHeads]) => ({
    gguf: `blk.${layer}.${gguf}.weight`,
    transformers: `model.layers.${layer}.${transformers}.weight`,
    dimensions,
    role,
    ...(rotaryHeads === undefined ? {} : { rotaryHeads }),
  }));
}

/**
 * Every tensor of the model, in the order in which both files hold them.
 * @param {Shape} shape
 * @returns {Tensor[]}
 */
export function modelTensors(shape) {
  checkShape(shape);
  const table = [shape.vocabulary, shape.embedding];
  return [
    { gguf: "token_embd.weight", transformers: "model.embed_tokens.weight", dimensions: table, role: "embedding" },
    ...Array.from({ length: shape.layers }, (_, layer) => layerTensors(shape, layer)).flat(),
    { gguf: "output_norm.weight", transformers: "model.norm.weight", dimensions: [shape.embedding], role: "ones" },
    { gguf: "output.weight", transformers: "lm_head.weight", dimensions: table, role: "output" },
  ];
}

/** @param {Tensor} tensor */
export const weightCount = (tensor) => tensor.dimensions.reduce((product, length) => product * length, 1);
