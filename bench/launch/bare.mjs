// @ts-check
import { containerOptions } from "../../dist/adapters/runtime/docker/container-options.js";
import { currentOwner, formatOwner } from "../../dist/adapters/owner/shared/owner.js";
import { readyLine } from "./timed-ports.mjs";

/** @typedef {import("dockerode")} Docker */
/** @typedef {import("dockerode").Container} Container */
/** @typedef {import("../../dist/ports/runtime.js").UnitSpec} UnitSpec */

/** @typedef {import("dockerode").ContainerCreateOptions} Options */

/** How the name of every bare container ends; the engine's events are found by it. */
const name = `lem-bare-${process.pid}-backend`;

/**
 * The backend's container as lem makes it, with the same GPU, mounts, limits and one published port, but on the engine's
 * default bridge.
 * @param {UnitSpec} spec
 * @returns {Options}
 */
export function sameSettings(spec) {
  const identity = { campaignId: "bench", launchId: `bare-${process.pid}`, outgoing: false };
  const owner = formatOwner(currentOwner());
  return containerOptions(spec, {
    identity,
    network: "bridge",
    publish: [spec.port],
    owner,
    hostPath: (path) => path,
  });
}

/**
 * The image with nothing but a command: no GPU, no mount, no port.
 * @param {UnitSpec} spec
 * @returns {Options}
 */
export function noSettings({ image, command }) {
  return { name, Image: image, Cmd: [...command] };
}

/**
 * One container without lem. Runs until its program ends, or, with `untilReady`, until the engine is ready and is told to
 * stop. Returns the milliseconds of each step.
 * @param {Docker} docker
 * @param {Options} options
 * @param {{ untilReady: boolean }} how
 */
export async function bareLaunch(docker, options, { untilReady }) {
  const began = performance.now();
  const container = await docker.createContainer(options);
  try {
    const created = performance.now();
    const ready = untilReady ? sayingReady(container) : undefined;
    const ended = container.wait({ condition: "next-exit" });
    await container.start();
    const started = performance.now();
    await ready;
    const readyAt = performance.now();
    if (untilReady) await container.stop({ t: 10 });
    await ended;
    const exited = performance.now();
    await container.remove({ v: true });
    return {
      createMs: created - began,
      startMs: started - created,
      engineStartMs: readyAt - started,
      stopMs: exited - readyAt,
      removeMs: performance.now() - exited,
      totalMs: performance.now() - began,
    };
  } catch (error) {
    await container.remove({ force: true, v: true });
    throw error;
  }
}

/** @param {Container} container */
async function sayingReady(container) {
  const output = await container.attach({ stream: true, stdout: true, stderr: true });
  let log = "";
  await new Promise((resolve, reject) => {
    output.on("data", (chunk) => {
      log += String(chunk);
      if (readyLine.test(log)) resolve(undefined);
    });
    output.once("end", () => reject(new Error(`the engine ended before it was ready:\n${log}`)));
  });
}
