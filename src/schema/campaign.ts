import { z } from "zod";
import { caseFields } from "./case.js";

const Path = z.string().regex(/^[a-z_]+(\.[A-Za-z0-9_-]+)*$/, "a dotted path such as workload.input_tokens");
const Pattern = z.record(Path, z.unknown()).refine((pattern) => Object.keys(pattern).length > 0, "matches every case");

const Order = z
  .enum(["blocked", "sequential"])
  .describe("`blocked`: a fresh random order in every cycle; `sequential`: the order of the file");

export const Repeat = z
  .strictObject({
    cycles: z.int().min(1).max(1000).default(3).describe("passes over all cases; each cycle starts every backend anew"),
    order: Order.default("blocked"),
    seed: z.int().min(0).default(1).describe("seed of the order"),
  })
  .describe("how often, and in which order");

const Override = z
  .strictObject({
    match: Pattern.describe("cases that have all these values"),
    set: z.record(Path, z.unknown()).describe("values to set there"),
  })
  .describe("a conditional change, applied in the order of the file");

const unchecked = z.unknown().optional();

/** Case fields before axes and overrides are applied; only then can they be checked. */
const uncheckedFields = {
  backend: unchecked,
  runtime: unchecked,
  image: unchecked,
  model: unchecked,
  dtype: unchecked,
  gpus: unchecked,
  container: unchecked,
  llamacpp: unchecked,
  pytorch: unchecked,
  simulated: unchecked,
  workload: unchecked,
  scenario: unchecked,
  concurrency: unchecked,
  window: unchecked,
} as const satisfies Record<keyof typeof caseFields, typeof unchecked>;

/** A campaign file before expansion. Case fields are checked after expansion, when axes and overrides are applied. */
export const Campaign = z
  .strictObject({
    schema: z.literal("lem/campaign/1").describe("format of this file"),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "lower-case letters, digits, `-`, `_`, `.`")
      .describe("name of the campaign"),
    ...uncheckedFields,
    axes: z
      .record(Path, z.array(z.unknown()).min(1, "an axis needs at least one value"))
      .nullish()
      .describe("lists of values by dotted path; every combination is a case"),
    exclude: z.array(Pattern).nullish().describe("cases to leave out"),
    overrides: z.array(Override).nullish(),
    repeat: Repeat.prefault({}),
  })
  .describe("a lem campaign: case fields, axes over them, and how often to repeat");
export type Campaign = z.infer<typeof Campaign>;

/** The same file as editors should see it: case fields with their own schemas instead of `unknown`. */
export const CampaignForEditors = z
  .strictObject({
    ...Campaign.shape,
    ...z.strictObject(caseFields).partial().shape,
  })
  .describe("lem campaign, version 1");
