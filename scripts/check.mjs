// npm run check: everything that can be said about the code without running it. Needs `npm start` or `npm test` once.
import { spawnSync } from "node:child_process";

/** @type {[name: string, command: string[]][]} */
const checks = [
  ["format", ["npx", "prettier", "--check", "--log-level", "warn", "."]],
  ["types", ["npx", "tsc", "-p", "tsconfig.json", "--noEmit"]],
  ["types of tests", ["npx", "tsc", "-p", "tsconfig.test.json"]],
  ["lint", ["npx", "oxlint", "--type-aware", "src", "test", "bench", "scripts", "bin"]],
  ["architecture", ["node", "scripts/check-architecture.mjs"]],
  ["unused code", ["npx", "knip"]],
  ["schema", ["node", "scripts/generate-schema.mjs", "--check"]],
  ["docs", ["node", "scripts/generate-docs.mjs", "--check"]],
  [
    "shell",
    ["bash", "-n", ...["docker-engine", "base-image", "gpu-host", "build-images"].map((name) => `scripts/${name}.sh`)],
  ],
];

let failed = 0;
for (const [name, [command = "", ...args]] of checks) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  console.log(
    `${status === 0 ? "ok    " : "FAILED"}  ${name.padEnd(15)} ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
  if (status === 0) continue;
  failed++;
  console.log(`${stdout}${stderr}`);
}
console.log(failed === 0 ? "all checks passed" : `${failed} of ${checks.length} checks failed`);
process.exit(failed === 0 ? 0 : 1);
