// @ts-check
// lem's own time per launch: what one launch with lem (lease, private network, sidecar, idle windows of length 0,
// backend, handshake, and all of it taken down again) takes longer than the same backend container without lem.
//
// Both start llama-server in the same image with the same model, GPU and settings, wait until it is ready, stop it and
// remove it; so the engine's own loading and ending is in both and cancels. They take turns, and `own_ms` is the median of
// the differences of neighbours. Two more ways to look at it, from the same run:
//   own_over_plain_ms  the launch without the engine's running time (from its container's start to its own word that it is
//                      ready, and from SIGTERM to its end), less create, start, wait and remove of the same image with
//                      `--version` and no settings at all, without its running time; starts and ends are docker events
//   the steps          as core sees them, by decorated ports: lease_ms … network_remove_ms. engine_start_ms and
//                      engine_stop_ms are the engine's, the latter inside backend_stop_ms; `overlap_ms` is what the steps
//                      save by running beside each other, `other_ms` what is in none of them
import Dockerode from "dockerode";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withLaunch } from "../dist/core/launch.js";
import { preflight } from "../dist/core/preflight.js";
import { LemError, planFile, wire } from "../dist/index.js";
import { bareLaunch, noSettings, sameSettings } from "./launch/bare.mjs";
import { watchEvents } from "./launch/events.mjs";
import { stepFigures } from "./launch/steps.mjs";
import { timedPorts } from "./launch/timed-ports.mjs";
import { OtherLoad } from "./support/other-load.mjs";
import { machine, print } from "./support/report.mjs";
import { rounded, summary } from "./support/statistics.mjs";

const limitMs = 500;
const repetitions = Number(process.argv[process.argv.indexOf("--repetitions") + 1]) || 12;

const campaign = (/** @type {string} */ model) => `schema: lem/campaign/1
name: bench-launch
backend: llamacpp
runtime: docker
gpus: 1
model: { id: lem/tiny, path: ${model} }
workload: { input_tokens: 16, output_tokens: 8 }
window: { idle_s: 0 }
repeat: { cycles: 1 }
`;

/** The plan of one case, and what the host has for it. */
async function prepare(/** @type {import("../dist/index.js").Ports} */ ports, /** @type {string} */ folder) {
  const file = join(folder, "launch.yaml");
  await writeFile(file, campaign(resolve("models/tiny.gguf")));
  const plan = await planFile(ports, file);
  const checked = await preflight(ports, plan, new AbortController().signal);
  const [first] = plan.cases;
  const last = checked.hostGpus.at(-1);
  if (first === undefined || last === undefined) throw new Error("this host shows no GPU");
  // The last GPU: the one least likely to be in use.
  return { planned: first, checked: { ...checked, gpus: new Map([[first.id, [last.uuid]]]) } };
}

/** One launch with lem, from the lease to the last removal, as milliseconds by step. */
async function lemLaunch(/** @type {Awaited<ReturnType<typeof setUp>>} */ bench, /** @type {number} */ index) {
  const { ports, steps, seen } = timedPorts(bench.ports);
  const context = { ports, signal: new AbortController().signal, onProgress: () => undefined };
  const launch = {
    launchId: `bench-${process.pid}-${index}`,
    campaignId: "bench",
    cases: /** @type {const} */ ([bench.planned]),
    preflight: bench.checked,
  };
  bench.events.forget();
  const began = performance.now();
  await withLaunch(context, launch, async () => undefined);
  const totalMs = performance.now() - began;
  if (seen.backend === undefined) throw new Error("the launch had no backend");
  const network = `lem-${launch.launchId}`;
  await bench.events.settled(network);
  const events = bench.events.times(network);
  return { totalMs, spec: seen.backend, figures: stepFigures({ steps, events, seen, beganMs: began, totalMs }) };
}

async function setUp(/** @type {string} */ folder) {
  const ports = wire({ output: folder });
  const docker = new Dockerode();
  const prepared = await prepare(ports, folder); // first, because it explains what is missing
  return { ports, docker, events: await watchEvents(docker), ...prepared };
}

async function main(/** @type {string} */ folder) {
  const bench = await setUp(folder);
  const { docker } = bench;
  const load = new OtherLoad();
  // Warms the engine's and the page caches, and shows with which settings lem starts the backend.
  const { spec } = await lemLaunch(bench, 0);
  await bareLaunch(docker, sameSettings(spec), { untilReady: true });
  await load.before();
  /** @type {Record<string, number[]>} */
  const figures = {};
  const note = (/** @type {string} */ name, /** @type {number} */ value) => (figures[name] ??= []).push(value);
  for (let index = 1; index <= repetitions; index++) {
    bench.events.forget();
    const plain = await bareLaunch(docker, noSettings({ ...spec, command: ["--version"] }), { untilReady: false });
    await load.rest();
    const plainRunMs = bench.events.runMs();
    const bare = await bareLaunch(docker, sameSettings(spec), { untilReady: true });
    await load.rest();
    const lem = await lemLaunch(bench, index);
    await load.rest();
    note("own_ms", lem.totalMs - bare.totalMs);
    note("own_over_plain_ms", lem.totalMs - lem.figures.engineRunMs - (plain.totalMs - plainRunMs));
    note("launch_ms", lem.totalMs);
    note("bare_ms", bare.totalMs);
    note("bare_create_ms", bare.createMs);
    note("bare_start_ms", bare.startMs);
    note("bare_engine_start_ms", bare.engineStartMs);
    note("bare_stop_ms", bare.stopMs);
    note("bare_remove_ms", bare.removeMs);
    note("plain_ms", plain.totalMs);
    for (const [name, value] of Object.entries(lem.figures.steps)) note(name, value);
    process.stderr.write(`${index}/${repetitions}: lem ${rounded(lem.totalMs)} ms, bare ${rounded(bare.totalMs)} ms\n`);
  }
  const { noisy, figures: otherLoad } = load.verdict();
  const summaries = Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, summary(values)]));
  const value = summaries["own_ms"]?.median ?? Number.NaN;
  print({
    name: "launch",
    machine: machine((await docker.version()).Version),
    noisy,
    figures: { ...summaries, ...otherLoad },
    targets: [{ figure: "own_ms", value, limit: limitMs, met: value <= limitMs }],
  });
}

const folder = await mkdtemp(join(tmpdir(), "lem-bench-"));
try {
  await main(folder);
} catch (error) {
  if (!(error instanceof LemError)) throw error;
  for (const problem of error.problems.length > 0 ? error.problems : [error]) {
    process.stderr.write(`${problem.code}: ${problem.message}\n${problem.hint ?? ""}\n`);
  }
  process.exitCode = 6;
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit();
