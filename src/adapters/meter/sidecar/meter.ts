import { setTimeout as delay } from "node:timers/promises";
import { LemError, messageOf } from "../../../core/errors.js";
import type { Meter, MeterNeeds, MeterSession } from "../../../ports/meter.js";
import type { Unit } from "../../../ports/runtime.js";
import { SidecarInfo } from "../../../schema/wire.js";
import { nodeProgram } from "../../programs/shared/node-program.js";
import { measureClockOffset } from "../../wire/shared/clock-offset.js";
import type { Endpoint } from "../../wire/shared/http.js";
import { askJson } from "../../wire/shared/http.js";
import { refuseOtherProtocol } from "../../wire/shared/protocol.js";
import { Puller } from "./puller.js";

/** The NVML sidecar: a container of its own beside the backend's, or a child process. */
export const sidecarMeter: Meter = {
  unit: (needs) => ({
    role: "sidecar",
    image: "lem/sidecar:dev",
    command: needs.runtime === "process" ? nodeProgram("sidecar/main.js") : [],
    env: {
      LEM_PORT: "9100",
      LEM_HOST: "0.0.0.0",
      LEM_SOURCE: needs.source,
      ...(needs.gpus === "all" ? {} : { LEM_GPU_UUIDS: needs.gpus.join(",") }),
    },
    secretEnv: { LEM_TOKEN: needs.token },
    mounts: [],
    gpus: needs.gpus,
    gpuDriver: needs.gpuDriver,
    port: 9100,
    stopGraceMs: 0, // it holds nothing that could be lost
  }),
  attach,
};

async function attach(unit: Unit, needs: MeterNeeds, signal: AbortSignal): Promise<MeterSession> {
  const endpoint = { baseUrl: unit.baseUrl, token: needs.token };
  const info = await firstInfo(unit, endpoint, signal);
  refuseOtherProtocol(info.protocol, "sidecar");
  // The sidecar keeps what it samples meanwhile, so nobody has to wait for the comparison of the clocks.
  const puller = new Puller(endpoint, measureClockOffset(endpoint, signal));
  void puller.pull();
  return {
    info,
    imageDigest: unit.imageDigest,
    samples: () => puller.samples,
    lost: () => puller.lost,
    until: async (tNs, untilSignal) => puller.until(tNs, untilSignal),
    [Symbol.asyncDispose]: async () => puller.stop(),
  };
}

const startLimitMs = 20_000;
/** A sidecar whose log does not reach us is asked all the same, after this time. */
const silentMs = 1_000;

/**
 * Asks from its first words on (it speaks when it listens) until the sidecar answers; rejects when its program ends
 * first. Asking earlier only takes processor time from its start.
 */
async function firstInfo(unit: Unit, endpoint: Endpoint, signal: AbortSignal): Promise<SidecarInfo> {
  let ended = false;
  void unit.exited.then(() => (ended = true));
  const began = performance.now();
  for (;;) {
    await delay(2, undefined, { signal });
    const waited = performance.now() - began;
    if (unit.logTail() === "" && !ended && waited < silentMs) continue;
    try {
      return await askJson(endpoint, "/v1/info", SidecarInfo, AbortSignal.any([signal, AbortSignal.timeout(5_000)]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LemError) throw error;
      if (ended || waited > startLimitMs) throw notStarted(unit, error);
    }
  }
}

function notStarted(unit: Unit, error: unknown): LemError {
  const said = unit.logTail().trim().split("\n").at(-1) ?? "";
  return new LemError("METER_FAILED", `the meter did not start: ${said === "" ? messageOf(error) : said}`, {
    cause: error,
    logTail: unit.logTail(),
    hint: "check the driver with nvidia-smi, or run without energy: --set gpus=none",
  });
}
