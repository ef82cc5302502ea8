// npm test: installs what is missing, runs every suite, ends with `N passed, N failed`.
//   LEM_REQUIRE_DOCKER=1    no Docker Engine is a failure, not a reason to skip its suites
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { build, checkNode, install, models, run, step } from "./steps.mjs";

/** @typedef {{ passed: number, failed: number }} Counts */

/** Starts an engine where none answers; says why there is none. */
function startEngine() {
  const { status, stdout, stderr } = spawnSync("bash", ["scripts/docker-engine.sh", "up"], { encoding: "utf8" });
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  return { answers: status === 0, started: /started/.test(stdout), reason };
}

/** vitest over the named projects; a file that cannot even be loaded counts as one failed test. */
function vitest(/** @type {string[]} */ projects) {
  const report = `build/vitest-${projects[0]}.json`;
  rmSync(report, { force: true });
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  spawnSync("node", [...args, ...projects.flatMap((project) => ["--project", project])], { stdio: "inherit" });
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  const unloaded = testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  return { passed: numPassedTests, failed: numFailedTests + unloaded };
}

/** The Python worker's own tests, in an environment that has the JSON Schema validator. */
function pythonTests() {
  const python = "build/python/bin/python";
  if (!existsSync("build/python/lib/.lem-ready")) {
    run("python3", ["-m", "venv", "--clear", "build/python"]);
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "jsonschema==4.23.0"]);
    run("touch", ["build/python/lib/.lem-ready"]);
  }
  const { status, stderr } = spawnSync(python, ["-m", "unittest", "discover", "-s", "images/worker/tests"], {
    encoding: "utf8",
  });
  const total = Number(/^Ran (\d+) tests?/m.exec(stderr)?.[1] ?? 0);
  const bad = [...stderr.matchAll(/(?:failures|errors)=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  const failed = status === 0 && total > 0 ? 0 : Math.max(1, bad);
  if (failed > 0) console.log(stderr);
  console.log(`python worker: ${total - Math.min(bad, total)} passed, ${failed} failed\n`);
  return { passed: total - Math.min(bad, total), failed };
}

/** @returns {Counts} */
function dockerTests() {
  const engine = startEngine();
  if (!engine.answers) {
    console.log(`docker suites skipped: ${engine.reason}\n`);
    return { passed: 0, failed: process.env["LEM_REQUIRE_DOCKER"] === "1" ? 1 : 0 };
  }
  try {
    const built = spawnSync("bash", ["scripts/build-images.sh"], { stdio: "inherit" });
    return built.status === 0 ? vitest(["docker"]) : { passed: 0, failed: 1 };
  } finally {
    // Only an engine that was started here is stopped here; its images stay in its data root.
    if (engine.started) spawnSync("bash", ["scripts/docker-engine.sh", "down"], { stdio: "inherit" });
  }
}

checkNode();
step("install", install);
step("build", build);
step("models", models);
mkdirSync("build", { recursive: true });
step("gpu host", () => run("bash", ["scripts/gpu-host.sh", "build/gpu-host"]) && "simulated GPUs are there");
const counts = [vitest(["unit"]), vitest(["programs", "cli"]), pythonTests(), dockerTests()];
const passed = counts.reduce((sum, each) => sum + each.passed, 0);
const failed = counts.reduce((sum, each) => sum + each.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
