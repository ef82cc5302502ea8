/**
 * The numbers in the tensors: random, but for three things that make the models good for tests.
 *
 * 1. Every weight is a whole number below 2^11 times a power of two, so float32 (safetensors), F32 and F16 (GGUF) hold
 *    exactly the same values; only Q8_0 rounds them.
 *
 * 2. Only plain text comes out, and no text ends by itself. Column 0 of the residual stream is a constant: every
 *    embedding starts with the same number and no layer adds to it (row 0 of the `residual` tensors is zero). Llama has
 *    no output bias; this column is one. In the output matrix it pulls control, byte and end-of-sequence tokens far below
 *    all others. Zero rows would not do: a logit of 0 is an average one.
 *
 * 3. Greedy decoding gives the same tokens in every engine and precision. With noise alone the two best logits often
 *    differ by less than the rounding of an engine, and one flip changes the rest of the text. So each token has a
 *    favourite successor: the successor's output row has a share of the token's embedding added. Successors form one
 *    cycle through all text tokens, so greedy text does not repeat itself for as many tokens as there are pieces. It
 *    depends on the last token of the prompt only; sampled text depends on all of it.
 *
 * Checked with node-llama-cpp 3.21.1 and Transformers 5.23, seed 42: greedy, 8 prompts of 256 new tokens each are the same
 * tokens in F32, F16, Q8_0 and float32, float16, bfloat16 (with 5 seeds the best two logits were never nearer than 0.65);
 * log-probabilities of F16 and float32 differ by 0.0003 at most; 12,000 tokens sampled at temperatures from 0.8 to 1.5
 * without top-k or top-p were all text.
 */
import { BELL_DEVIATION, bell, randomIntegers } from "./random.mjs";
import { modelTensors, weightCount } from "./shape.mjs";
import { makeVocabulary } from "./vocabulary.mjs";

/** @typedef {import("./shape.mjs").Tensor} Tensor */
/** @typedef {{ shape: import("./shape.mjs").Shape, seed: number }} Model */

/** Raise it when the numbers change: both files carry it, so that models of an earlier revision are written anew. */
export const REVISION = 1;

const CONSTANT = 2;
const SUPPRESSION = -64;
/** The share of the embedding in the successor's row: enough for greedy, little enough to leave sampling a choice. */
const ATTRACTION = 2 ** -5;

/** The power of two that brings weights nearest to the wanted standard deviation. @param {number} deviation */
const scaleFor = (deviation) => 2 ** Math.round(Math.log2(deviation / BELL_DEVIATION));

/**
 * @param {Tensor} tensor
 * @param {number} columns
 */
function scaleOf(tensor, columns) {
  if (tensor.role === "embedding") return scaleFor(1);
  // Rows of length 1 keep activations near 1 from layer to layer; half of that keeps the token's own embedding in front.
  return scaleFor(1 / Math.sqrt(columns)) / (tensor.role === "inner" ? 1 : 2);
}

/**
 * Random values row by row, rows in the order of Transformers.
 * @param {Tensor} tensor
 * @param {number} seed
 */
function randomValues(tensor, seed) {
  const values = new Float32Array(weightCount(tensor));
  if (tensor.role === "ones") return values.fill(1);
  const columns = tensor.dimensions[1] ?? 1;
  const next = randomIntegers(tensor.transformers, seed);
  const scale = scaleOf(tensor, columns);
  for (let index = 0; index < values.length; index += 1) values[index] = bell(next()) * scale;
  if (tensor.role === "residual") values.fill(0, 0, columns);
  if (tensor.role === "embedding") {
    for (let start = 0; start < values.length; start += columns) values[start] = CONSTANT;
  }
  return values;
}

/**
 * The favourite successor of every token, always a text token.
 * @param {boolean[]} isText for each token
 * @param {number} seed
 * @returns {number[]}
 */
function successors(isText, seed) {
  const next = randomIntegers("successors", seed);
  const cycle = [...isText.keys()].filter((token) => isText[token]);
  for (let last = cycle.length - 1; last > 0; last -= 1) {
    const other = next() % (last + 1);
    [cycle[last], cycle[other]] = [cycle[other] ?? 0, cycle[last] ?? 0];
  }
  const follower = new Map(cycle.map((token, index) => [token, cycle[(index + 1) % cycle.length] ?? 0]));
  // The others lead into the cycle, each at a place of its own: a row has the shares of two tokens at most.
  return isText.map((_, token) => follower.get(token) ?? cycle[token % cycle.length] ?? 0);
}

/**
 * The output matrix: random values, with the shares of the embeddings and without the tokens that are not text.
 * @param {Float32Array} output changed in place
 * @param {Float32Array} embedding
 * @param {Model} model
 */
function shapeOutput(output, embedding, { shape, seed }) {
  const columns = shape.embedding;
  const isText = makeVocabulary(shape.vocabulary).map((token) => token.kind === "text");
  successors(isText, seed).forEach((successor, token) => {
    const row = output.subarray(successor * columns, (successor + 1) * columns);
    row.set(row.map((value, column) => value + (embedding[token * columns + column] ?? 0) * ATTRACTION));
  });
  isText.forEach((text, token) => {
    const start = token * columns;
    if (!text) output.fill(0, start, start + columns);
    output[start] = text ? 0 : SUPPRESSION;
  });
}

/**
 * The tensors of the model with their values, one after the other.
 * @param {Model} model
 * @returns {Generator<{ tensor: Tensor, values: Float32Array }>}
 */
export function* modelWeights(model) {
  let embedding = new Float32Array();
  for (const tensor of modelTensors(model.shape)) {
    const values = randomValues(tensor, model.seed);
    if (tensor.role === "embedding") embedding = values;
    if (tensor.role === "output") shapeOutput(values, embedding, model);
    yield { tensor, values };
  }
}
