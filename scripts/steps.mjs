// Steps that `npm start` and `npm test` share. Node alone: nothing is installed yet when they begin.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Does one thing and prints one line about it. `work` returns what was done, or nothing when there was nothing to do.
 * @param {string} name
 * @param {() => string | undefined | void} work
 */
export function step(name, work) {
  const began = performance.now();
  const did = work();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${name.padEnd(9)} ${did ?? "nothing to do"}  (${seconds} s)`);
}

/**
 * Runs a command and ends the program with its output when it fails.
 * @param {string} command
 * @param {string[]} args
 */
export function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) {
    console.error(`\n${command} ${args.join(" ")} failed\n${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`);
    process.exit(1);
  }
  return stdout;
}

/** Installs the locked packages, unless exactly these are installed already. */
export function install() {
  const lock = hashOf(["package-lock.json"]);
  const marker = "node_modules/.lem-installed";
  if (readOr(marker) === lock) return "packages are there";
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(marker, lock);
  return "packages installed";
}

/** Compiles, unless nothing has changed since. */
export function build() {
  const sources = [...filesBelow("src"), "tsconfig.json", "package-lock.json"];
  const hash = hashOf(sources);
  const marker = "dist/.lem-built";
  if (readOr(marker) === hash) return "compiled code is there";
  run("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
  writeFileSync(marker, hash);
  return "compiled";
}

/** Writes the tiny models, unless they are there. */
export function models() {
  const written = run("node", ["scripts/models.mjs"])
    .split("\n")
    .filter((line) => line.includes("written"));
  return written.length === 0 ? "models are there" : `${written.length} models written`;
}

/** Refuses a Node that is too old, before its errors become riddles. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 18)) return;
  console.error(`lem needs Node 20.18 or newer; this is ${process.versions.node}`);
  process.exit(6);
}

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) hash.update(file).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** @param {string} folder */
function filesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));
  return files.filter((file) => statSync(file).isFile());
}

/** @param {string} file */
function readOr(file) {
  if (existsSync(file)) return readFileSync(file, "utf8");
  mkdirSync(dirname(file), { recursive: true });
  return undefined;
}
