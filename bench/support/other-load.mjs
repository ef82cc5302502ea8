// @ts-check
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Busy more than this share of the time, while the benchmark does nothing, is somebody else's work. */
const busyLimit = 0.1;
/** Share of the time in which some task waited for a processor that was taken. */
const pressureLimit = 0.1;
/** Share of the time that the hypervisor gave to other guests; it counts at all times, our own work included. */
const stealLimit = 0.02;

/**
 * How much of the machine somebody else uses. /proc/stat cannot tell our work (which is also that of the engine and the
 * kernel) from that of others, so it is read only while nothing of ours runs: before the benchmark, and in a rest
 * after each of its steps. `noisy` when, before or in all rests together, the processors were busy for more than 10 % of
 * the time or tasks waited for one for more than 10 % (PSI, where the kernel has it), or when the hypervisor took
 * more than 2 % at any time. What disturbs only between the rests is not seen.
 */
export class OtherLoad {
  #began = read();
  #before = { busy: 0, pressure: 0 };
  #rests = { busy: 0, total: 0, pressureUs: 0, wallUs: 0 };

  /** Looks for `ms` before the benchmark begins. */
  async before(ms = 2000) {
    this.#before = shares(await look(ms));
    this.#began = read();
  }

  /** Waits until the engine has cleaned up behind us, then looks. */
  async rest(settleMs = 150, ms = 250) {
    await delay(settleMs);
    const seen = await look(ms);
    this.#rests.busy += seen.busy;
    this.#rests.total += seen.total;
    this.#rests.pressureUs += seen.pressureUs;
    this.#rests.wallUs += seen.wallUs;
  }

  verdict() {
    const during = shares(this.#rests);
    const now = read();
    const steal = (now.steal - this.#began.steal) / Math.max(1, now.total - this.#began.total);
    const loud = (/** @type {{ busy: number, pressure: number }} */ { busy, pressure }) =>
      busy > busyLimit || pressure > pressureLimit;
    return {
      noisy: loud(this.#before) || loud(during) || steal > stealLimit,
      figures: {
        other_load_before_share: share(this.#before.busy),
        other_load_during_share: share(during.busy),
        other_pressure_during_share: share(during.pressure),
        steal_share: share(steal),
      },
    };
  }
}

/** @param {number} value */
const share = (value) => Math.round(value * 1000) / 1000;

/** @param {{ busy: number, total: number, pressureUs: number, wallUs: number }} seen */
function shares({ busy, total, pressureUs, wallUs }) {
  return { busy: busy / Math.max(1, total), pressure: pressureUs / Math.max(1, wallUs) };
}

/** @param {number} ms */
async function look(ms) {
  const from = read();
  await delay(ms);
  const to = read();
  return {
    busy: to.busy - from.busy,
    total: to.total - from.total,
    pressureUs: to.pressureUs - from.pressureUs,
    wallUs: (to.atMs - from.atMs) * 1000,
  };
}

function read() {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait, steal, pressureUs: waitedUs(), atMs: performance.now() };
}

function waitedUs() {
  if (!existsSync("/proc/pressure/cpu")) return 0;
  return Number(/^some .*total=(\d+)/m.exec(readFileSync("/proc/pressure/cpu", "utf8"))?.[1] ?? 0);
}
