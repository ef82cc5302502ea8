// npm test: installs what is missing, runs every suite, ends with `N passed, N failed`.
//   LEM_REQUIRE_DOCKER=1    no Docker Engine is a failure, not a reason to skip its suites
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build, checkNode, install, models, run, step } from "./steps.mjs";

/** @typedef {{ passed: number, failed: number }} Counts */

/** Starts an engine where none answers; says why there is none. */
function startEngine() {
  const engine = (/** @type {string} */ word) =>
    spawnSync("bash", ["scripts/docker-engine.sh", word], { encoding: "utf8" });
  const answered = engine("status").status === 0;
  const { status, stderr } = answered ? { status: 0, stderr: "" } : engine("up");
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  return { answers: status === 0, started: !answered && status === 0, reason };
}

/** @param {string} name */
function aptInstall(name) {
  // A new machine has no lists of packages yet.
  run("apt-get", ["update", "-qq"]);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", name]);
  return `${name} installed`;
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

/** The Python worker's own tests on this host, in an environment that has the JSON Schema validator. */
function pythonTests() {
  const python = "build/python/bin/python";
  if (!existsSync("build/python/.lem-ready")) {
    const venv = spawnSync("python3", ["-m", "venv", "--clear", "build/python"]);
    if (venv.status !== 0) {
      // Debian keeps the module in a package of its own.
      aptInstall("python3-venv");
      run("python3", ["-m", "venv", "--clear", "build/python"]);
    }
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "jsonschema==4.23.0"]);
    writeFileSync("build/python/.lem-ready", "");
  }
  return unittest("python worker", [python, "-m", "unittest", "discover", "-v", "-s", "images/worker/tests"]);
}

/** Its tests of the engine, where the engine is. */
function pythonEngineTests() {
  const container = [
    "docker",
    "run",
    "--rm",
    "-v",
    `${process.cwd()}:/src:ro`,
    "--entrypoint",
    "python3",
    "lem/pytorch:dev",
  ];
  const tests = ["-m", "unittest", "discover", "-v", "-s", "/src/images/worker/tests", "-p", "test_pytorch*"];
  return unittest("python engine", [...container, ...tests]);
}

/**
 * Runs unittest and counts what it reports.
 * @param {string} name
 * @param {string[]} command
 */
function unittest(name, [program = "", ...args]) {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  const total = Number(/^Ran (\d+) tests?/m.exec(stderr)?.[1] ?? 0);
  const sum = (/** @type {RegExp} */ pattern) =>
    [...stderr.matchAll(pattern)].reduce((count, [, found]) => count + Number(found), 0);
  const skipped = sum(/skipped=(\d+)/g);
  const failed = status === 0 && total > skipped ? 0 : Math.max(1, sum(/(?:failures|errors)=(\d+)/g));
  if (failed > 0) console.log(stderr);
  for (const reason of new Set([...stderr.matchAll(/skipped ['"](.*)['"]/g)].map(([, text]) => text))) {
    console.log(`${name}: ${skipped} skipped: ${reason}`);
  }
  const passed = Math.max(0, total - skipped - failed);
  console.log(`${name}: ${passed} passed, ${failed} failed\n`);
  return { passed, failed };
}

/** Compose is no part of an engine; without any, Debian's is installed. */
function installCompose() {
  const there = [["docker", "compose"], ["docker-compose"]].some(
    ([program = "", ...args]) => spawnSync(program, [...args, "version"]).status === 0,
  );
  if (!there) {
    step("compose", () => aptInstall("docker-compose"));
  }
}

/** @returns {Counts[]} */
function dockerTests() {
  const engine = startEngine();
  if (!engine.answers) {
    console.log(`docker suites skipped: ${engine.reason}\n`);
    return [{ passed: 0, failed: process.env["LEM_REQUIRE_DOCKER"] === "1" ? 1 : 0 }];
  }
  try {
    installCompose();
    const built = spawnSync("bash", ["scripts/build-images.sh"], { stdio: "inherit" });
    return built.status === 0 ? [pythonEngineTests(), vitest(["docker"])] : [{ passed: 0, failed: 1 }];
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
const counts = [vitest(["unit"]), vitest(["programs", "cli"]), pythonTests(), ...dockerTests()];
const passed = counts.reduce((sum, each) => sum + each.passed, 0);
const failed = counts.reduce((sum, each) => sum + each.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
