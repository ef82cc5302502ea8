// usage: node scripts/check-architecture.mjs
// Runs dependency-cruiser over src/ and fails on a violation, and also when it has seen fewer files than there are: with
// a compiler that it does not know, dependency-cruiser parses nothing, finds nothing wrong and exits 0.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts")).length;
const output = execFileSync("npx", ["depcruise", "src", "--output-type", "json"], {
  maxBuffer: 1 << 30,
  stdio: ["ignore", "pipe", "inherit"],
});
const { modules, summary } = JSON.parse(output.toString());
const seen = modules.filter(({ source }) => source.startsWith("src/")).length;

for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
if (files === 0 || seen < files || summary.error > 0) {
  console.error(`architecture: ${summary.error} violations, ${seen} of ${files} files seen`);
  process.exit(1);
}
console.log(`architecture: ${files} files, 0 violations`);
