// @ts-check
import Table from "cli-table3";
import { cpus, release, totalmem } from "node:os";

/** @typedef {import("./statistics.mjs").Summary} Summary */
/** @typedef {{ figure: string, value: number, limit: number, met: boolean }} Target */
/**
 * What every benchmark prints.
 * @typedef {object} Report
 * @property {string} name
 * @property {Record<string, string | number>} machine
 * @property {boolean} noisy
 * @property {Record<string, Summary | number>} figures
 * @property {readonly Target[]} targets
 */

/**
 * The machine that the figures hold for.
 * @param {string} docker version of the engine, or why there is none
 */
export function machine(docker) {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory_bytes: totalmem(),
    kernel: release(),
    docker,
    node: process.version,
  };
}

/**
 * One JSON object with `--json`, else a table.
 * @param {Report} report
 */
export function print(report) {
  console.log(process.argv.includes("--json") ? JSON.stringify(report) : text(report));
}

/** @param {Report} report */
function text({ name, machine: host, noisy, figures, targets }) {
  const style = { head: [], border: [], compact: true };
  const table = new Table({ head: ["figure", "median", "q1", "q3", "min", "max", "n"], style });
  for (const [figure, value] of Object.entries(figures)) {
    if (typeof value === "number") table.push([figure, value, "", "", "", "", ""]);
    else table.push([figure, value.median, value.q1, value.q3, value.min, value.max, value.n]);
  }
  const verdicts = targets.map(
    ({ figure, value, limit, met }) => `${met ? "met   " : "MISSED"}  ${figure} ${value}, at most ${limit}`,
  );
  const where = Object.entries(host).map(([key, value]) => `${key} ${value}`);
  const disturbed = noisy ? ["NOISY: something else used this machine; the figures are too high"] : [];
  return [`${name}: ${where.join(", ")}`, table.toString(), ...verdicts, ...disturbed].join("\n");
}
