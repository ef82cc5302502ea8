#!/usr/bin/env node
/**
 * Writes tiny Llama models with random weights, so that real engines can be run and tested without a download:
 *
 *   models/tiny.gguf       llama.cpp, Q8_0
 *   models/tiny-f16.gguf   llama.cpp, F16
 *   models/tiny/           Transformers, float32
 *
 * All three are one model. The seed decides every byte. Text made with them is words in random order.
 *
 *   node scripts/models.mjs [--dir models] [--only tiny.gguf,tiny-f16.gguf,tiny] [--seed 42]
 *
 * A model that is there already is left alone. Plain Node: this runs before `npm ci`.
 */
import { realpathSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { beginsWith, hasText, writeWhole } from "./models/files.mjs";
import { ggufChunks, ggufHeader } from "./models/gguf.mjs";
import { safetensorsChunks, safetensorsHeader } from "./models/safetensors.mjs";
import { TINY } from "./models/shape.mjs";
import { transformersTexts } from "./models/transformers.mjs";

/**
 * @typedef {object} Options
 * @property {number} [seed]
 * @property {import("./models/shape.mjs").Shape} [shape]
 */
/** @typedef {{ path: string, bytes: number, written: boolean }} Result `written` is false if it was there already */

const SEED = 42;

/**
 * A GGUF file for llama.cpp.
 * @param {string} path
 * @param {Options & { precision?: import("./models/precision.mjs").Precision }} [options]
 * @returns {Result}
 */
export function writeGguf(path, { seed = SEED, shape = TINY, precision = "Q8_0" } = {}) {
  const model = { seed, shape, precision };
  const header = ggufHeader(model);
  const present = beginsWith(path, header.bytes, header.size);
  if (!present) writeWhole(path, ggufChunks(model));
  return { path, bytes: header.size, written: !present };
}

/**
 * A folder for Transformers (and any engine that reads its format).
 * @param {string} path
 * @param {Options} [options]
 * @returns {Result}
 */
export function writeTransformers(path, { seed = SEED, shape = TINY } = {}) {
  const model = { seed, shape };
  const header = safetensorsHeader(model);
  const weights = join(path, "model.safetensors");
  const result = { path, bytes: header.size, written: false };
  if (!beginsWith(weights, header.bytes, header.size)) {
    writeWhole(weights, safetensorsChunks(model));
    result.written = true;
  }
  for (const [name, text] of transformersTexts(shape)) {
    result.bytes += Buffer.byteLength(text);
    if (hasText(join(path, name), text)) continue;
    writeWhole(join(path, name), [text]);
    result.written = true;
  }
  return result;
}

/** @type {Map<string, (path: string, seed: number) => Result>} */
const MODELS = new Map([
  ["tiny.gguf", (path, seed) => writeGguf(path, { seed, precision: "Q8_0" })],
  ["tiny-f16.gguf", (path, seed) => writeGguf(path, { seed, precision: "F16" })],
  ["tiny", (path, seed) => writeTransformers(path, { seed })],
]);

/** What the caller got wrong, as opposed to what went wrong. */
class UsageError extends Error {}

/** @param {string[]} args */
function readArguments(args) {
  const options = /** @type {const} */ ({
    dir: { type: "string", default: "models" },
    only: { type: "string", default: [...MODELS.keys()].join(",") },
    seed: { type: "string", default: String(SEED) },
  });
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const seed = Number(values.seed);
  if (!/^\d+$/.test(values.seed) || seed >= 2 ** 32) throw new UsageError("--seed must be a whole number below 2^32");
  const models = values.only.split(",").map((name) => {
    const write = MODELS.get(name);
    if (write) return { path: join(values.dir, name), write };
    throw new UsageError(`--only does not know "${name}"; models: ${[...MODELS.keys()].join(", ")}`);
  });
  return { models, seed };
}

/** @param {string[]} args */
function main(args) {
  const { models, seed } = readArguments(args);
  if (endianness() !== "LE") throw new Error("this script writes models on little-endian machines only");
  for (const { path, write } of models) {
    const start = performance.now();
    const { bytes, written } = write(path, seed);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${path}  ${(bytes / 1e6).toFixed(1)} MB  ${written ? `written in ${seconds} s` : "present"}`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`models: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
