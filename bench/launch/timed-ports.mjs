// @ts-check
/** @typedef {import("../../dist/ports/index.js").Ports} Ports */
/** @typedef {import("../../dist/ports/runtime.js").LaunchSite} LaunchSite */
/** @typedef {import("../../dist/ports/runtime.js").UnitSpec} UnitSpec */
/** @typedef {{ name: string, fromMs: number, toMs: number }} Step */

/**
 * lem's ports, with a note of how long each step of a launch takes. The product itself is not touched.
 * @param {Ports} ports
 */
export function timedPorts(ports) {
  /** @type {Step[]} */
  const steps = [];
  /** @type {{ backend: UnitSpec | undefined, engineReadyMs: number }} */
  const seen = { backend: undefined, engineReadyMs: Number.NaN };
  const time = stopwatch(steps);
  /** @type {Ports} */
  const timed = {
    ...ports,
    leases: {
      acquire: async (...args) => {
        const lease = await time("lease_ms", ports.leases.acquire(...args));
        return { [Symbol.asyncDispose]: async () => time("lease_ms", lease[Symbol.asyncDispose]()) };
      },
    },
    runtime: async (name) => {
      const runtime = await ports.runtime(name);
      return {
        ...runtime,
        openSite: async (...args) => timedSite(await time("site_open_ms", runtime.openSite(...args)), time, seen),
      };
    },
    meter: {
      ...ports.meter,
      attach: async (...args) => {
        const session = await time("sidecar_ready_ms", ports.meter.attach(...args));
        return {
          ...session,
          [Symbol.asyncDispose]: async () => time("meter_close_ms", session[Symbol.asyncDispose]()),
        };
      },
    },
    backends: {
      ...ports.backends,
      llamacpp: {
        ...ports.backends.llamacpp,
        handshake: async (...args) => time("handshake_ms", ports.backends.llamacpp.handshake(...args)),
      },
    },
  };
  return { ports: timed, steps, seen };
}

/** @typedef {<T>(name: string, work: PromiseLike<T>) => Promise<T>} Time */

/**
 * @param {Step[]} steps
 * @returns {Time}
 */
function stopwatch(steps) {
  return async (name, work) => {
    const fromMs = performance.now();
    try {
      return await work;
    } finally {
      steps.push({ name, fromMs, toMs: performance.now() });
    }
  };
}

/**
 * @param {LaunchSite} site
 * @param {Time} time
 * @param {{ backend: UnitSpec | undefined, engineReadyMs: number }} seen
 * @returns {LaunchSite}
 */
function timedSite(site, time, seen) {
  return {
    prepare: async (spec, signal) => {
      if (spec.role === "backend") seen.backend = spec;
      const prepared = await time(`${spec.role}_create_ms`, site.prepare(spec, signal));
      return {
        start: async (startSignal) => {
          const unit = await time(`${spec.role}_start_ms`, prepared.start(startSignal));
          if (spec.role === "sidecar") return unit;
          void untilReady(() => unit.logTail()).then((atMs) => (seen.engineReadyMs = atMs));
          return { ...unit, stop: async () => time("backend_stop_ms", unit.stop()) };
        },
      };
    },
    [Symbol.asyncDispose]: async () => time("site_remove_ms", site[Symbol.asyncDispose]()),
  };
}

/** What llama-server says when it takes requests. */
export const readyLine = /listening on http/;

/**
 * When the engine itself said that it is ready; independent of how soon lem finds out.
 * @param {() => string} log
 * @returns {Promise<number>}
 */
async function untilReady(log) {
  for (let waited = 0; waited < 60_000 && !readyLine.test(log()); waited += 2) {
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
  return performance.now();
}
