import { parquetWriteBuffer } from "hyparquet-writer";
import type { RequestRecord } from "../../../domain/requests.js";
import type { Sample } from "../../../schema/wire.js";

export interface Table {
  readonly name: string;
  readonly rows: number;
  readonly content: Uint8Array;
}

type Column = Parameters<typeof parquetWriteBuffer>[0]["columnData"][number];

function table(name: string, rows: number, columnData: Column[]): Table {
  const content = rows === 0 ? new Uint8Array() : new Uint8Array(parquetWriteBuffer({ columnData }));
  return { name, rows, content };
}

const nullable = (values: readonly (number | undefined)[]): (number | null)[] => values.map((value) => value ?? null);

/** One row per request; times in nanoseconds of the controller's monotonic clock. */
export function requestsTable(requests: readonly RequestRecord[]): Table {
  return table("requests", requests.length, [
    { name: "request", data: requests.map((each) => each.request), type: "STRING" },
    { name: "status", data: requests.map((each) => each.status), type: "STRING" },
    { name: "sent_ns", data: requests.map((each) => each.sentNs), type: "INT64" },
    {
      name: "first_token_ns",
      data: requests.map((each) => each.tokens[0]?.tNs ?? null),
      type: "INT64",
      nullable: true,
    },
    {
      name: "last_token_ns",
      data: requests.map((each) => each.tokens.at(-1)?.tNs ?? null),
      type: "INT64",
      nullable: true,
    },
    { name: "end_ns", data: requests.map((each) => each.endNs ?? null), type: "INT64", nullable: true },
    { name: "sent_input_tokens", data: requests.map((each) => each.sentInputTokens), type: "INT32" },
    { name: "input_tokens", data: nullable(requests.map((each) => each.inputTokens)), type: "INT32", nullable: true },
    { name: "output_tokens", data: nullable(requests.map((each) => each.outputTokens)), type: "INT32", nullable: true },
    { name: "cached_tokens", data: nullable(requests.map((each) => each.cachedTokens)), type: "INT32", nullable: true },
    { name: "error_code", data: requests.map((each) => each.errorCode ?? null), type: "STRING", nullable: true },
  ]);
}

/** One row per token event: with it every latency metric can be computed again. */
export function tokensTable(requests: readonly RequestRecord[]): Table {
  const rows = requests.flatMap(({ request, tokens }) => tokens.map((event) => ({ request, ...event })));
  return table("tokens", rows.length, [
    { name: "request", data: rows.map((row) => row.request), type: "STRING" },
    { name: "t_ns", data: rows.map((row) => row.tNs), type: "INT64" },
    { name: "n", data: rows.map((row) => row.n), type: "INT32" },
  ]);
}

/** One row per GPU and tick. */
export function powerTable(samples: readonly Sample[]): Table {
  return table("power", samples.length, [
    { name: "seq", data: samples.map((each) => BigInt(each.seq)), type: "INT64" },
    { name: "gpu_uuid", data: samples.map((each) => each.gpu_uuid), type: "STRING" },
    { name: "t_before_ns", data: samples.map((each) => BigInt(each.t_before_ns)), type: "INT64" },
    { name: "t_after_ns", data: samples.map((each) => BigInt(each.t_after_ns)), type: "INT64" },
    { name: "energy_mj", data: samples.map((each) => each.energy_mj), type: "DOUBLE", nullable: true },
    { name: "power_mw", data: samples.map((each) => each.power_mw), type: "DOUBLE", nullable: true },
    {
      name: "temperature_celsius",
      data: samples.map((each) => each.temperature_celsius),
      type: "DOUBLE",
      nullable: true,
    },
    { name: "memory_used_bytes", data: samples.map((each) => each.memory_used_bytes), type: "DOUBLE", nullable: true },
  ]);
}
