// @ts-check
/** @typedef {import("./timed-ports.mjs").Step} Step */

/**
 * The steps of one launch in milliseconds.
 * @param {object} launch
 * @param {readonly Step[]} launch.steps
 * @param {{ networkMadeMs: number, startMs: number, termMs: number, dieMs: number, sidecarGoneMs: number }} launch.events
 * @param {{ engineReadyMs: number }} launch.seen
 * @param {number} launch.beganMs
 * @param {number} launch.totalMs
 */
export function stepFigures({ steps, events, seen, beganMs, totalMs }) {
  const engineStart = { name: "engine_start_ms", fromMs: events.startMs, toMs: seen.engineReadyMs };
  const handshake = steps.find(({ name }) => name === "handshake_ms");
  const noticed = { name: "ready_noticed_ms", fromMs: seen.engineReadyMs, toMs: handshake?.fromMs ?? Number.NaN };
  // The network is made while the sidecar's container is created; its start waits for it.
  const opening = steps.find(({ name }) => name === "site_open_ms");
  const network = { name: "network_create_ms", fromMs: opening?.fromMs ?? Number.NaN, toMs: events.networkMadeMs };
  const others = splitRemoval(steps, events.sidecarGoneMs).filter((step) => step !== opening);
  const all = [network, ...others, engineStart, noticed];
  /** @type {Record<string, number>} */
  const sums = {};
  for (const { name, fromMs, toMs } of all) sums[name] = (sums[name] ?? 0) + toMs - fromMs;
  const union = unionMs(all, { fromMs: beganMs, toMs: beganMs + totalMs });
  const sum = Object.values(sums).reduce((a, b) => a + b, 0);
  const engineStopMs = events.dieMs - events.termMs;
  return {
    engineRunMs: seen.engineReadyMs - events.startMs + engineStopMs,
    steps: { ...sums, engine_stop_ms: engineStopMs, overlap_ms: sum - union, other_ms: totalMs - union },
  };
}

/**
 * The end of a site: first its containers, then its network.
 * @param {readonly Step[]} steps
 * @param {number} sidecarGoneMs
 * @returns {Step[]}
 */
function splitRemoval(steps, sidecarGoneMs) {
  return steps.flatMap((step) => {
    if (step.name !== "site_remove_ms") return [step];
    const goneMs = Math.max(step.fromMs, sidecarGoneMs);
    return [
      { name: "sidecar_remove_ms", fromMs: step.fromMs, toMs: goneMs },
      { name: "network_remove_ms", fromMs: goneMs, toMs: step.toMs },
    ];
  });
}

/**
 * Time in which at least one step ran.
 * @param {readonly Step[]} steps
 * @param {{ fromMs: number, toMs: number }} within
 */
function unionMs(steps, within) {
  let union = 0;
  let untilMs = within.fromMs;
  for (const { fromMs, toMs } of steps.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const end = Math.min(toMs, within.toMs);
    union += Math.max(0, end - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, end);
  }
  return union;
}
