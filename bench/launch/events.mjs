// @ts-check
import { setTimeout as delay } from "node:timers/promises";

/** @typedef {{ what: string, name: string, atMs: number }} Event */

/**
 * The engine's own events with its own times, on the clock of `performance.now()`.
 * @param {import("dockerode")} docker
 */
export async function watchEvents(docker) {
  /** @type {Event[]} */
  const seen = [];
  const stream = await docker.getEvents({});
  let rest = "";
  stream.on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") seen.push(parse(line));
  });
  const last = (/** @type {string} */ what, /** @type {string} */ name) =>
    seen.findLast((event) => event.what === what && event.name.endsWith(name))?.atMs ?? Number.NaN;
  return {
    forget: () => void seen.splice(0),
    /** Waits until the network of that name is reported as removed: the last event of a launch. */
    settled: async (/** @type {string} */ network) => {
      for (let tries = 0; tries < 200 && Number.isNaN(last("network destroy", network)); tries++) await delay(5);
    },
    times: (/** @type {string} */ network) => ({
      networkMadeMs: last("network create", network),
      startMs: last("container start", "-backend"),
      termMs: last("container kill", "-backend"),
      dieMs: last("container die", "-backend"),
      sidecarGoneMs: last("container destroy", "-sidecar"),
    }),
    /** How long the last bare container ran. */
    runMs: () => last("container die", "-backend") - last("container start", "-backend"),
  };
}

/**
 * @param {string} line
 * @returns {Event}
 */
function parse(line) {
  /** @type {{ Type: string, Action: string, timeNano: number, Actor: { Attributes: Record<string, string> } }} */
  const { Type, Action, timeNano, Actor } = JSON.parse(line);
  // Both clocks are read anew for each event: the wall clock may be slewed during a long run.
  const wallMinusMonotonic = Date.now() - performance.now();
  return { what: `${Type} ${Action}`, name: Actor.Attributes["name"] ?? "", atMs: timeNano / 1e6 - wallMinusMonotonic };
}
