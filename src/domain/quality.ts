import type { MetricName } from "../schema/metric.js";
import type { Quantity } from "../schema/quantity.js";
import type { QualityCode, QualityFlag } from "../schema/quality.js";
import type { WindowRecord } from "../schema/result.js";
import type { RequestRecord } from "./requests.js";

/** Everything that is looked at when a run is judged. */
export interface Evidence {
  readonly requests: readonly RequestRecord[];
  readonly askedOutputTokens: number;
  readonly metrics: Readonly<Record<MetricName, Quantity>>;
  readonly steady: WindowRecord;
  readonly metered: boolean;
  readonly samplePeriodMs: number | undefined;
  readonly samplesLost: number;
  readonly simulated: boolean;
}

const limits = {
  failedShare: 0.01,
  disagreementWarns: 0.03,
  disagreementInvalidates: 0.2,
  gapPeriods: 5,
  steadyS: 30,
} as const;

/** Findings about a run, errors first. */
export function qualityOf(evidence: Evidence): QualityFlag[] {
  const flags = [...aboutTrust(evidence), ...aboutWork(evidence), ...aboutEnergy(evidence)];
  return flags.toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

function flag(
  code: QualityCode,
  message: string,
  found?: { readonly value: number; readonly limit: number },
): QualityFlag {
  return { code, severity: code.startsWith("E") ? "invalidates" : "warns", message, ...found };
}

function aboutTrust(evidence: Evidence): QualityFlag[] {
  const flags: QualityFlag[] = [];
  if (evidence.simulated) flags.push(flag("E106", "the engine or the GPU is simulated; these are no measurements"));
  const window = evidence.metrics.window_s;
  if (window.status !== "unavailable" && window.value < limits.steadyS) {
    flags.push(
      flag("W304", "the steady window is short; raise window.steady_s for a claim", {
        value: window.value,
        limit: limits.steadyS,
      }),
    );
  }
  return flags;
}

function aboutWork({ requests, askedOutputTokens }: Evidence): QualityFlag[] {
  const flags: QualityFlag[] = [];
  const ok = requests.filter((request) => request.status === "ok");
  if (ok.length === 0) flags.push(flag("E303", "no request ended well in the steady window"));
  const failed = requests.length - ok.length;
  if (failed > requests.length * limits.failedShare) {
    flags.push(
      flag("E301", `${String(failed)} of ${String(requests.length)} requests failed`, {
        value: failed / requests.length,
        limit: limits.failedShare,
      }),
    );
  }
  const wrongLength = ok.filter((request) => request.outputTokens !== askedOutputTokens);
  if (wrongLength.length > 0) {
    const [example] = wrongLength;
    flags.push(
      flag(
        "E302",
        `${String(wrongLength.length)} requests gave another number of output tokens than the ${String(askedOutputTokens)} asked for`,
        {
          value: example?.outputTokens ?? 0,
          limit: askedOutputTokens,
        },
      ),
    );
  }
  const cached = ok.reduce((sum, request) => sum + (request.cachedTokens ?? 0), 0);
  if (cached > 0) flags.push(flag("W306", "prompt tokens came from a prefix cache", { value: cached, limit: 0 }));
  const otherInput = ok.filter((request) => request.inputTokens !== request.sentInputTokens).length;
  if (otherInput > 0) {
    flags.push(flag("W307", "the engine counts other input lengths than were sent", { value: otherInput, limit: 0 }));
  }
  return flags;
}

function aboutEnergy(evidence: Evidence): QualityFlag[] {
  if (!evidence.metered) return [];
  const flags: QualityFlag[] = [];
  const energy = evidence.metrics.energy_gpu_j;
  if (energy.status === "unavailable") flags.push(flag("E101", `no energy: ${energy.message}`));
  if (evidence.samplesLost > 0) {
    flags.push(flag("W107", "samples were lost before they were read", { value: evidence.samplesLost, limit: 0 }));
  }
  for (const gpu of evidence.steady.gpus) {
    const longest = evidence.samplePeriodMs === undefined ? Infinity : limits.gapPeriods * evidence.samplePeriodMs;
    if (gpu.gap_max_ms !== null && gpu.gap_max_ms > longest) {
      flags.push(flag("W103", `${gpu.uuid} was not sampled for a while`, { value: gpu.gap_max_ms, limit: longest }));
    }
    flags.push(...disagreement(gpu));
  }
  return flags;
}

function disagreement(gpu: WindowRecord["gpus"][number]): QualityFlag[] {
  const { energy_j: energy, power_integral_j: integral } = gpu;
  if (
    gpu.source !== "counter" ||
    energy.status === "unavailable" ||
    integral.status === "unavailable" ||
    energy.value === 0
  ) {
    return [];
  }
  const value = Math.abs(integral.value / energy.value - 1);
  if (value > limits.disagreementInvalidates) {
    return [
      flag("E104", `${gpu.uuid}: counter and integrated power disagree`, {
        value,
        limit: limits.disagreementInvalidates,
      }),
    ];
  }
  if (value > limits.disagreementWarns) {
    return [
      flag("W104", `${gpu.uuid}: counter and integrated power disagree`, { value, limit: limits.disagreementWarns }),
    ];
  }
  return [];
}
