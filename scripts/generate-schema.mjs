// usage: node scripts/generate-schema.mjs [--check]      after `npm run build`
// Writes docs/schema/*.json from the zod schemas; with --check only compares and fails when a file is stale.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "../dist/schema/json-schemas.js";

const folder = "docs/schema";
const check = process.argv.includes("--check");
const wanted = new Map(
  Object.entries(jsonSchemas()).map(([file, schema]) => [file, `${JSON.stringify(schema, null, 2)}\n`]),
);
mkdirSync(folder, { recursive: true });

const stale = [...wanted].filter(([file, text]) => read(join(folder, file)) !== text).map(([file]) => file);
const surplus = readdirSync(folder).filter((file) => !wanted.has(file));

if (check && stale.length + surplus.length > 0) {
  console.error(`schema: stale ${[...stale, ...surplus].join(", ")}; run npm run schema`);
  process.exit(1);
}
if (!check) {
  for (const file of stale) writeFileSync(join(folder, file), wanted.get(file) ?? "");
  for (const file of surplus) rmSync(join(folder, file));
}
console.log(`schema: ${wanted.size} files ${check ? "fresh" : `written, ${stale.length} changed`}`);

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
