// usage: node scripts/generate-docs.mjs [--check]      after `npm run build`
// Writes the tables between `<!-- generated:NAME -->` and `<!-- /generated -->` in docs/*.md from the schemas, and checks
// what people wrote around them: every campaign in a YAML block can be planned, every error code is explained, every
// link and every file named in backticks exists. With --check nothing is written; a stale table is a failure.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { errorCodes, exitCodes } from "../dist/core/errors.js";
import { planFile, wire } from "../dist/index.js";
import { CampaignForEditors } from "../dist/schema/campaign.js";
import { caseFields, fieldsInsideLaunch } from "../dist/schema/case.js";
import { distributions, metrics } from "../dist/schema/metric.js";
import { qualityFlags } from "../dist/schema/quality.js";
import { ReasonCode } from "../dist/schema/quantity.js";

/** @typedef {Record<string, any>} JsonSchema */

const check = process.argv.includes("--check");
const pages = [
  ...readdirSync(".").filter((file) => file.endsWith(".md")),
  ...readdirSync("docs")
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];
/** @type {string[]} */
const problems = [];

/** A Markdown table; prettier aligns it. @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  return [tableLine(head), tableLine(head.map(() => "---")), ...rows.map(tableLine)].join("\n");
}

/** @param {string[]} cells */
const tableLine = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

const code = (/** @type {unknown} */ value) => `\`${String(value)}\``;

/** What may stand in a field, in words. @param {JsonSchema} schema @returns {string} */
function values(schema) {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(values).join(", or ");
  if (schema.type === "array") return `list of ${entries(schema.items)}`;
  if (schema.type === "object") return schema.additionalProperties ? "map" : "";
  if (schema.type === "integer" || schema.type === "number") return `${schema.type}${range(schema)}`;
  return schema.type ?? "anything";
}

/** @param {JsonSchema} items */
function entries(items) {
  return (items.anyOf ?? [items]).map(entry).join(", or ");
}

/** @param {JsonSchema} schema @returns {string} */
const entry = (schema) => (schema.type === "object" ? "maps" : (schema.description ?? values(schema)));

/** The schema of a field that may also be left empty. @param {JsonSchema} schema @returns {JsonSchema} */
function withoutNull(schema) {
  const rest = schema.anyOf?.filter((/** @type {JsonSchema} */ each) => each.type !== "null") ?? [];
  const [only] = rest;
  if (rest.length !== 1) return schema;
  return { ...only, description: schema.description ?? only.description ?? only.items?.description };
}

/** @param {JsonSchema} schema */
function range({ minimum, exclusiveMinimum, maximum }) {
  const last = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) return last === undefined ? ` > ${exclusiveMinimum}` : ` > 0 up to ${last}`;
  if (minimum === undefined) return "";
  return last === undefined ? ` ≥ ${minimum}` : ` ${minimum} to ${last}`;
}

/** Units are in names. @param {string} name */
function unit(name) {
  /** @type {[RegExp, string][]} */
  const endings = [
    [/_tokens_per_s$/, "tokens/s"],
    [/_s$/, "s"],
    [/_bytes$/, "bytes"],
    [/_tokens$/, "tokens"],
    [/requests$/, "requests"],
  ];
  return endings.find(([ending]) => ending.test(name))?.[1] ?? "";
}

/** @param {string} path */
function restarts(path) {
  const [top = ""] = path.split(".");
  if (!(top in caseFields)) return "";
  return /** @type {readonly string[]} */ (fieldsInsideLaunch).includes(top) ? "no" : "yes";
}

/** Rows of a field and of everything inside it. @param {string} path @param {JsonSchema} given @returns {string[][]} */
function fieldRows(path, given) {
  const schema = withoutNull(given);
  const listed = schema.items?.properties;
  const inner = Object.entries(schema.properties ?? listed ?? {});
  const below = listed === undefined ? path : `${path}[]`;
  const hasDefault = schema.default !== undefined && inner.length === 0;
  const preset = required.has(path) ? "required" : hasDefault ? code(shown(schema.default)) : "";
  const name = path.split(".").at(-1) ?? path;
  return [
    [code(path), values(schema), preset, unit(name), restarts(path), schema.description ?? "explained above"],
    ...inner.flatMap(([key, child]) => fieldRows(`${below}.${key}`, child)),
  ];
}

const shown = (/** @type {unknown} */ value) => (typeof value === "string" ? value : JSON.stringify(value));

const required = new Set(["schema", "name", "backend", "model", "model.id"]);

function fields() {
  /** @type {JsonSchema} */
  const schema = z.toJSONSchema(CampaignForEditors, { io: "input", unrepresentable: "any", reused: "inline" });
  const rows = Object.entries(schema.properties).flatMap(([key, child]) => fieldRows(key, child));
  return table(["field", "values", "default", "unit", "restarts the backend", "meaning"], rows);
}

/** @param {Readonly<Record<string, { unit: string, better: string, definition: string }>>} definitions */
function metricTable(definitions) {
  return table(
    ["name", "unit", "better", "definition"],
    Object.entries(definitions).map(([name, { unit: own, better, definition }]) => [
      code(name),
      own,
      better === "neither" ? "" : better,
      definition,
    ]),
  );
}

function exitTable() {
  const rows = Object.entries(exitCodes).map(([name, number]) => {
    const codes = Object.entries(errorCodes).filter(([, exit]) => exit === number);
    return [String(number), name.replaceAll("_", " "), codes.map(([own]) => code(own)).join(", ") || "–"];
  });
  return table(["exit code", "meaning", "error codes that end with it"], rows);
}

/** @type {Readonly<Record<string, () => string>>} */
const generators = {
  fields,
  metrics: () => metricTable(metrics),
  distributions: () => metricTable(distributions),
  quality: () =>
    table(
      ["code", "severity", "finding"],
      Object.entries(qualityFlags).map(([name, text]) => [code(name), name[0] === "E" ? "invalidates" : "warns", text]),
    ),
  reasons: () => ReasonCode.options.map(code).join(", "),
  exits: exitTable,
};

/** The page with fresh tables, formatted. @param {string} page @param {string} text */
async function refreshed(page, text) {
  const fresh = text.replaceAll(
    /(<!-- generated:(\w+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_whole, start, name, end) => {
      const make = generators[name];
      if (make === undefined) problems.push(`${page}: nothing generates "${name}"`);
      return `${start}\n${make?.() ?? ""}\n\n${end}`;
    },
  );
  return format(fresh, { ...(await resolveConfig(page)), filepath: page });
}

/** Every YAML block that is a campaign has to be a plan that works. @param {string} page @param {string} text */
async function planExamples(page, text) {
  const folder = mkdtempSync(join(tmpdir(), "lem-docs-"));
  const file = join(folder, "example.yaml");
  for (const [, yaml = ""] of text.matchAll(/^```yaml\n(.*?)^```/gms)) {
    if (!/^schema: lem\/campaign/m.test(yaml)) continue;
    writeFileSync(file, yaml);
    await planFile(wire(), file).catch((error) =>
      problems.push(`${page}: an example cannot be planned: ${error}\n${yaml}`),
    );
  }
  rmSync(folder, { recursive: true });
}

const sourceNames = new Set(readdirSync("src", { recursive: true, encoding: "utf8" }).map((path) => basename(path)));

/** Links and paths have to lead somewhere. @param {string} page @param {string} text */
function checkPaths(page, text) {
  const prose = text.replaceAll(/^```.*?^```/gms, "");
  for (const [, target = ""] of prose.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (!existsSync(join(dirname(page), target))) problems.push(`${page}: the link ${target} leads nowhere`);
  }
  const own = /`((?:src|scripts|docs|images|test|campaigns|docker|bin|bench)\/[\w./-]+)`/g;
  for (const [, path = ""] of prose.matchAll(own)) {
    if (!/NAME|TOPIC/.test(path) && !existsSync(path)) problems.push(`${page}: there is no ${path}`);
  }
  for (const [, name = ""] of prose.matchAll(/`([\w-]+\.ts)`/g)) {
    if (!sourceNames.has(name)) problems.push(`${page}: there is no ${name} in src/`);
  }
}

function checkErrorCodes() {
  const page = "docs/errors.md";
  const explained = new Set(
    [...readFileSync(page, "utf8").matchAll(/^### ([A-Z_]+)$/gm)].map(([, name]) => name ?? ""),
  );
  for (const name of Object.keys(errorCodes)) {
    if (!explained.delete(name)) problems.push(`${page}: ${name} is not explained`);
  }
  for (const name of explained) problems.push(`${page}: ${name} is explained, but no such code exists`);
}

let changed = 0;
for (const page of pages) {
  const text = readFileSync(page, "utf8");
  const fresh = await refreshed(page, text);
  if (fresh !== text) {
    changed++;
    if (check) problems.push(`${page}: stale; run npm run docs`);
    else writeFileSync(page, fresh);
  }
  await planExamples(page, fresh);
  checkPaths(page, fresh);
}
checkErrorCodes();
for (const problem of problems) console.error(`docs: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`docs: ${pages.length} pages ${check ? "fresh" : `checked, ${changed} changed`}`);
