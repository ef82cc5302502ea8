import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { halfBits } from "../../scripts/models/precision.mjs";
import { writeGguf, writeTransformers } from "../../scripts/models.mjs";

const shape = { embedding: 64, layers: 2, heads: 4, kvHeads: 2, feedForward: 96, vocabulary: 1024, context: 128 };
const TENSORS = 2 * 9 + 3;
const HEAD_WIDTH = 16;
const END_OF_TEXT = 2;
const FIRST_TEXT = 259;

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "lem-models-"));
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true });
});

const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

const isNorm = (dimensions: number[]) => dimensions.length === 1;

/** The number that the bits of a half stand for. */
function halfValue(bits: number): number {
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** Tensor name to its values. */
type Weights = Map<string, Float32Array>;
const floats = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

/** A reader of its own, independent of the writer: what a file says, and its F32 tensors. */
function readGguf(path: string) {
  const file = readFileSync(path);
  let at = 0;
  const take = (length: number): Buffer => file.subarray(at, (at += length));
  const u32 = (): number => take(4).readUInt32LE();
  const u64 = (): number => Number(take(8).readBigUInt64LE());
  const string = (): string => take(u64()).toString("utf8");
  const value = (type: number): unknown => {
    if (type === 4 || type === 5) return u32();
    if (type === 6) return take(4).readFloatLE();
    if (type === 7) return take(1).readUInt8() === 1;
    if (type === 8) return string();
    if (type !== 9) throw new Error(`metadata type ${type} is not expected`);
    const [itemType, length] = [u32(), u64()];
    return Array.from({ length }, () => value(itemType));
  };
  const head = { magic: take(4).toString(), version: u32(), tensors: u64(), pairs: u64() };
  const metadata = new Map(Array.from({ length: head.pairs }, () => [string(), value(u32())]));
  const directory = Array.from({ length: head.tensors }, () => {
    const name = string();
    const dimensions = Array.from({ length: u32() }, u64);
    return { name, dimensions, type: u32(), offset: u64() };
  });
  const data = Math.ceil(at / 32) * 32;
  const weights: Weights = new Map();
  for (const { name, dimensions, type, offset } of directory) {
    const bytes = dimensions.reduce((product, length) => product * length, 4);
    if (type === 0) weights.set(name, floats(file.subarray(data + offset, data + offset + bytes)));
  }
  return { ...head, metadata, directory, weights, data, size: file.length };
}

const Entry = z.strictObject({
  dtype: z.literal("F32"),
  shape: z.array(z.number()),
  data_offsets: z.tuple([z.number(), z.number()]),
});
const Directory = z
  .object({ __metadata__: z.object({ format: z.literal("pt"), description: z.string() }) })
  .catchall(Entry);

function readSafetensors(path: string) {
  const file = readFileSync(path);
  const data = 8 + Number(file.readBigUInt64LE());
  const { __metadata__, ...tensors } = Directory.parse(JSON.parse(file.toString("utf8", 8, data)));
  const entries = Object.entries(tensors);
  const weights: Weights = new Map(
    entries.map(
      ([
        name,
        {
          data_offsets: [start, end],
        },
      ]) => [name, floats(file.subarray(data + start, data + end))],
    ),
  );
  return { entries, weights, dataBytes: file.length - data };
}

const TokenizerJson = z.object({
  model: z.object({
    vocab: z.record(z.string(), z.number()),
    merges: z.array(z.tuple([z.string(), z.string()])),
  }),
});

describe("random models", () => {
  it("are the same bytes for the same seed, and others for another", () => {
    const [one, two] = [folder(), folder()];
    for (const path of [one, two]) {
      writeGguf(join(path, "m.gguf"), { shape });
      writeTransformers(join(path, "m"), { shape });
    }
    writeGguf(join(one, "other.gguf"), { shape, seed: 43 });
    writeTransformers(join(one, "other"), { shape, seed: 43 });
    const hashes = (path: string) =>
      ["m.gguf", "m/model.safetensors", "m/tokenizer.json", "m/config.json"].map((name) => sha256(join(path, name)));
    expect(hashes(one)).toEqual(hashes(two));
    expect(sha256(join(one, "other.gguf"))).not.toBe(sha256(join(one, "m.gguf")));
    expect(sha256(join(one, "other/model.safetensors"))).not.toBe(sha256(join(one, "m/model.safetensors")));
    expect(sha256(join(one, "other/tokenizer.json"))).toBe(sha256(join(one, "m/tokenizer.json")));
  });

  it("keep their numbers from release to release", () => {
    const path = folder();
    writeTransformers(path, { shape });
    const { weights } = readSafetensors(join(path, "model.safetensors"));
    const all = createHash("sha256");
    for (const values of weights.values()) all.update(new Uint8Array(values.buffer));
    // If this changes on purpose, raise REVISION in scripts/models/weights.mjs: models on disk are then written anew.
    expect(all.digest("hex")).toBe("57fec29d29324b7f08639581dc65c52e62f4cf449b09095586584a53350edf65");
  });

  it("are written once, whole and readable, and again if damaged", () => {
    const path = join(folder(), "new");
    const file = join(path, "m.gguf");
    expect(writeGguf(file, { shape }).written).toBe(true);
    expect(writeGguf(file, { shape })).toEqual({ path: file, bytes: statSync(file).size, written: false });
    expect(writeGguf(file, { shape, seed: 43 }).written).toBe(true);
    truncateSync(file, 1000);
    expect(writeGguf(file, { shape }).written).toBe(true);
    expect(writeTransformers(join(path, "m"), { shape }).written).toBe(true);
    expect(writeTransformers(join(path, "m"), { shape }).written).toBe(false);
    rmSync(join(path, "m", "config.json"));
    expect(writeTransformers(join(path, "m"), { shape }).written).toBe(true);
    expect(readdirSync(path).toSorted()).toEqual(["m", "m.gguf"]);
    expect([path, join(path, "m"), file].map((name) => statSync(name).mode & 0o777)).toEqual([0o755, 0o755, 0o644]);
  });

  it("refuse a shape that no engine could load", () => {
    const path = join(folder(), "m.gguf");
    expect(() => writeGguf(path, { shape: { ...shape, heads: 3 } })).toThrow("must divide");
    expect(() => writeGguf(path, { shape: { ...shape, vocabulary: 300 } })).toThrow("1024 or more");
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe("GGUF", () => {
  const path = join(folder(), "m.gguf");

  it.each([
    ["F32", 4, 0],
    ["F16", 2, 1],
    ["Q8_0", 34 / 32, 8],
  ] as const)("%s: header, directory and size agree", (precision, bytesPerWeight, type) => {
    writeGguf(path, { shape, precision });
    const { magic, version, tensors, directory, metadata, data, size } = readGguf(path);
    expect({ magic, version, tensors }).toEqual({ magic: "GGUF", version: 3, tensors: TENSORS });
    expect(metadata.get("llama.vocab_size")).toBe(shape.vocabulary);
    let end = 0;
    const expected = directory.map(({ name, dimensions }) => {
      const offset = Math.ceil(end / 32) * 32;
      end = offset + dimensions.reduce((product, length) => product * length, isNorm(dimensions) ? 4 : bytesPerWeight);
      return { name, dimensions, type: isNorm(dimensions) ? 0 : type, offset };
    });
    expect(directory).toEqual(expected);
    expect(data + Math.ceil(end / 32) * 32).toBe(size);
  });

  it("rounds to half precision as IEEE 754 says", () => {
    const cases: [number, number][] = [
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65520, 0x7c00], // ties to even, up to infinity
      [1 + 2 ** -11, 0x3c00], // ties to even, down
      [1 + 3 * 2 ** -11, 0x3c02], // ties to even, up
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [1.5 * 2 ** -25, 0x0001],
      [2 ** -30, 0x0000],
    ];
    expect(cases.map(([value]) => [value, halfBits(value)])).toEqual(cases);
  });
});

describe("the Transformers folder", () => {
  const path = folder();
  writeTransformers(join(path, "m"), { shape });
  writeGguf(join(path, "m.gguf"), { shape, precision: "F32" });
  const gguf = readGguf(join(path, "m.gguf"));
  const safetensors = readSafetensors(join(path, "m", "model.safetensors"));

  it("has contiguous tensors that fill the file", () => {
    let end = 0;
    for (const [, entry] of safetensors.entries) {
      expect(entry.data_offsets).toEqual([end, end + entry.shape.reduce((product, length) => product * length, 4)]);
      end = entry.data_offsets[1];
    }
    expect(safetensors.entries).toHaveLength(TENSORS);
    expect(safetensors.dataBytes).toBe(end);
  });

  it("has the tokens of the GGUF file under the same numbers, and merges that make them", () => {
    const text = readFileSync(join(path, "m", "tokenizer.json"), "utf8");
    const { vocab, merges } = TokenizerJson.parse(JSON.parse(text)).model;
    const tokens = Object.keys(vocab).toSorted((left, right) => (vocab[left] ?? 0) - (vocab[right] ?? 0));
    expect(tokens).toEqual(gguf.metadata.get("tokenizer.ggml.tokens"));
    expect(new Set(Object.values(vocab)).size).toBe(shape.vocabulary);
    const made = new Set(merges.map(([left, right]) => left + right));
    expect(tokens.filter((token, id) => id >= FIRST_TEXT && token.length > 1 && !made.has(token))).toEqual([]);
    expect(merges.filter(([left, right]) => !(left in vocab && right in vocab))).toEqual([]);
  });

  it("has the weights of the GGUF file, query and key rows in the order of its own RoPE", () => {
    const row = (from: Float32Array | undefined, at: number) =>
      from?.subarray(at * shape.embedding, (at + 1) * shape.embedding);
    const pairs = [...gguf.weights].map(([name, values], index) => ({
      rotary: /attn_[qk]\./.test(name),
      ours: safetensors.entries.map(([own]) => safetensors.weights.get(own))[index],
      values,
    }));
    expect(pairs.filter(({ rotary }) => rotary)).toHaveLength(2 * shape.layers);
    const same = pairs.filter(({ rotary }) => !rotary);
    expect(same.map(({ values }) => values)).toEqual(same.map(({ ours }) => ours));
    const [first, pair] = [HEAD_WIDTH, 3]; // the fourth pair of the second head
    for (const { values, ours } of pairs.filter(({ rotary }) => rotary)) {
      expect(row(values, first + 2 * pair)).toEqual(row(ours, first + pair));
      expect(row(values, first + 2 * pair + 1)).toEqual(row(ours, first + pair + HEAD_WIDTH / 2));
    }
  });

  it("holds only numbers that half precision keeps exactly", () => {
    const inexact = [...safetensors.weights].filter(([, values]) =>
      values.some((value) => value !== halfValue(halfBits(value))),
    );
    expect(inexact.map(([name]) => name)).toEqual([]);
  });

  it("leaves no way to a token that is not text", () => {
    const output = safetensors.weights.get("lm_head.weight") ?? new Float32Array();
    const row = (token: number) => [...output.subarray(token * shape.embedding, (token + 1) * shape.embedding)];
    expect(row(END_OF_TEXT)).toEqual([-64, ...Array.from({ length: shape.embedding - 1 }, () => 0)]);
    expect(row(FIRST_TEXT)[0]).toBe(0);
    expect(row(FIRST_TEXT).filter((value) => value !== 0).length).toBeGreaterThan(shape.embedding / 2);
  });
});
