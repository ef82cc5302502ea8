// usage: npm run bench -- NAME [--json] [options of the benchmark]      without NAME: what there is
// Builds what is missing and runs bench/NAME.mjs. With --json stdout is one object and nothing else (npm's own lines are
// left out with `npm run --silent`); everything that is said while it runs goes to stderr.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { build, checkNode, install, models } from "./steps.mjs";

const [name, ...args] = process.argv.slice(2);
const known = readdirSync("bench")
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.replace(".mjs", ""));
if (name === undefined || !known.includes(name)) {
  console.error(`usage: npm run bench -- ${known.join("|")} [--json]`);
  process.exit(2);
}
checkNode();
for (const work of [install, build, models]) console.error(work());
const { status } = spawnSync(process.execPath, [`bench/${name}.mjs`, ...args], { stdio: "inherit" });
process.exit(status ?? 1);
