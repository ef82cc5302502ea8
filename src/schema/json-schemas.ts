import { z } from "zod";
import { CampaignForEditors } from "./campaign.js";
import { Lock } from "./lock.js";
import { Result } from "./result.js";
import * as wire from "./wire.js";

type JsonSchema = Record<string, unknown>;

const draft = { target: "draft-2020-12", unrepresentable: "any" } as const;
/** Shared parts once, under $defs. */
const compact = { ...draft, reused: "ref" } as const;

/** Messages of lem/wire/1 under their names, so that a worker in another language can check each of them. */
function wireSchema(): JsonSchema {
  const messages = {
    Health: wire.Health,
    ClockReading: wire.ClockReading,
    WorkerInfo: wire.WorkerInfo,
    SidecarInfo: wire.SidecarInfo,
    RunRequest: wire.RunRequest,
    RunEvent: wire.RunEvent,
    Sample: wire.Sample,
    SamplesLost: wire.SamplesLost,
    WireError: wire.WireError,
  };
  const definitions = Object.entries(messages).map(([name, schema]) => {
    const { $schema: _, ...definition } = z.toJSONSchema(schema, draft);
    return [name, definition];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "lem/wire/1",
    description: "messages between lem's controller and its workers and sidecars",
    $defs: Object.fromEntries(definitions),
  };
}

/** All published JSON Schemas by file name. */
export function jsonSchemas(): Record<string, JsonSchema> {
  return {
    "campaign-1.schema.json": z.toJSONSchema(CampaignForEditors, { ...draft, io: "input" }),
    "lock-1.schema.json": z.toJSONSchema(Lock, compact),
    "result-1.schema.json": z.toJSONSchema(Result, compact),
    "wire-1.schema.json": wireSchema(),
  };
}
