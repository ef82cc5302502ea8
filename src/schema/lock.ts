import { z } from "zod";
import { CaseConfig } from "./case.js";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A frozen plan: which cases, in which order, from which images. */
export const Lock = z.strictObject({
  schema: z.literal("lem/lock/1"),
  campaign: z.strictObject({ id: z.string(), name: z.string(), file_sha256: Sha256 }),
  plan_id: Sha256.describe("SHA-256 over case ids and order"),
  created_at: z.iso.datetime(),
  tool: z.strictObject({ name: z.literal("lem"), version: z.string() }),
  cases: z.array(
    z.strictObject({ id: Sha256, slug: z.string(), axes: z.record(z.string(), z.unknown()), config: CaseConfig }),
  ),
  launches: z.array(
    z.strictObject({
      index: z.int().min(0),
      cycle: z.int().min(1),
      cases: z.array(Sha256).describe("in the order of their runs"),
    }),
  ),
  images: z.record(z.string(), z.string()).describe("digest of every image"),
});
export type Lock = z.infer<typeof Lock>;

/** One line of journal.ndjson. The last line may be torn by a crash and is then ignored. */
export const JournalEntry = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("campaign_start"), at: z.iso.datetime(), pid: z.int(), runs: z.int() }),
  z.strictObject({
    type: z.literal("launch_start"),
    at: z.iso.datetime(),
    launch_id: z.string(),
    index: z.int(),
    cycle: z.int(),
  }),
  z.strictObject({
    type: z.literal("run_start"),
    at: z.iso.datetime(),
    run_id: z.string(),
    case_id: Sha256,
    launch_id: z.string(),
  }),
  z.strictObject({
    type: z.literal("run_end"),
    at: z.iso.datetime(),
    run_id: z.string(),
    case_id: Sha256,
    status: z.enum(["ok", "flagged", "failed"]),
    path: z.string().describe("of result.json, relative to the campaign's directory"),
  }),
  z.strictObject({ type: z.literal("launch_end"), at: z.iso.datetime(), launch_id: z.string() }),
  z.strictObject({
    type: z.literal("campaign_end"),
    at: z.iso.datetime(),
    outcome: z.enum(["finished", "interrupted", "failed"]),
  }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;
