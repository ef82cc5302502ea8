import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";

/** Checks a value against a committed JSON Schema; gives the errors, none when it fits. */
export function errorsAgainst(schema: "result-1" | "lock-1" | "campaign-1", value: unknown): string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": true } });
  const validate = ajv.compile(JSON.parse(readFileSync(`docs/schema/${schema}.schema.json`, "utf8")) as object);
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
}
