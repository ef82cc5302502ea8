import type { Distribution, Provenance } from "../schema/quantity.js";
import type { DistributionName } from "../schema/metric.js";
import { distributionOf } from "./distribution.js";
import type { RequestRecord } from "./requests.js";

const ms = (fromNs: bigint, toNs: bigint): number => Number(toNs - fromNs) / 1e6;

/** Latency distributions of requests that ended well; definitions in schema/metric.ts. Milliseconds. */
export function latencies(
  requests: readonly RequestRecord[],
  status: Provenance,
): Record<DistributionName, Distribution> {
  const ended = requests.filter((request) => request.status === "ok");
  const streamed = ended.filter((request) => request.tokens.length > 0);
  const noRequests = { reason: "no_requests", message: "no request ended well in the window" } as const;
  const noGaps = {
    reason: ended.length === 0 ? "no_requests" : "single_token_output",
    message: "needs at least two token events in a request",
  } as const;
  return {
    ttft_ms: distributionOf(
      streamed.map((request) => ms(request.sentNs, request.tokens[0]?.tNs ?? 0n)),
      status,
      noRequests,
    ),
    itl_ms: distributionOf(streamed.flatMap(gapsOf), status, noGaps),
    tpot_ms: distributionOf(streamed.flatMap(tpotOf), status, noGaps),
    e2e_ms: distributionOf(
      ended.flatMap((request) => (request.endNs === undefined ? [] : [ms(request.sentNs, request.endNs)])),
      status,
      noRequests,
    ),
  };
}

function gapsOf(request: RequestRecord): number[] {
  return request.tokens.slice(1).map((event, index) => ms(request.tokens[index]?.tNs ?? event.tNs, event.tNs));
}

function tpotOf(request: RequestRecord): number[] {
  const [first, last] = [request.tokens[0], request.tokens.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const afterFirst = request.tokens.slice(1).reduce((sum, event) => sum + event.n, 0);
  return [ms(first.tNs, last.tNs) / afterFirst];
}
