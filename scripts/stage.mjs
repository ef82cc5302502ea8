// usage: node scripts/stage.mjs controller|sidecar      after `npm run build`
// Puts the files of an image into build/NAME: compiled code and the packages it needs at run time, nothing else.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

const [name] = process.argv.slice(2);
const target = join("build", name ?? "");

/** @param {string[]} paths copied to the same place below the target */
function copy(paths) {
  for (const path of paths) {
    cpSync(path, join(target, path), {
      recursive: true,
      filter: (source) => !/\.(d\.ts|map|tsbuildinfo)$/.test(source),
    });
  }
}

/** Packages of the installed tree that run-time code needs, dev and optional ones left out. */
function runtimePackages() {
  const listed = execFileSync("npm", ["ls", "--all", "--omit=dev", "--omit=optional", "--parseable"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const paths = listed
    .toString()
    .split("\n")
    .filter((path) => path.includes("node_modules"));
  return paths.map((path) => relative(process.cwd(), path));
}

const parts = new Map([
  ["controller", () => ["bin", "campaigns", "dist", "package.json", ...runtimePackages()]],
  // The sampler needs one package: the bridge to the driver's library, with its binary for this processor.
  [
    "sidecar",
    () => [
      "package.json",
      "dist/sidecar",
      "dist/workers/server",
      "node_modules/koffi",
      `node_modules/@koromix/koffi-linux-${process.arch}`,
    ],
  ],
]);

const part = parts.get(name ?? "");
if (part === undefined) {
  console.error("usage: node scripts/stage.mjs controller|sidecar");
  process.exit(2);
}
if (!existsSync("dist")) {
  console.error("stage: nothing is built yet; run `npm run build` first");
  process.exit(2);
}
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
copy(part());
console.log(`staged ${target}`);
