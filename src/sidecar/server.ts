import type { Server, ServerResponse } from "node:http";
import type { Health, SidecarInfo, WireError } from "../schema/wire.js";
import { bearerCheck } from "../workers/server/bearer.js";
import { readClock } from "../workers/server/clock.js";
import type { RingReader } from "./ring.js";
import { sendSamples, type SampleQuery } from "./samples.js";

// Not imported: an import of node:http evaluates all that it exports, WebSocket among it, which takes a quarter of the
// sidecar's start.
const { createServer } = process.getBuiltinModule("node:http");

export interface SidecarParts {
  readonly info: SidecarInfo;
  readonly ring: RingReader;
  readonly stop: () => void;
}

type Route = (response: ServerResponse, query: URLSearchParams) => void;

/**
 * The sidecar's side of the wire protocol, on node:http alone: the sidecar's start is part of every launch, and a
 * framework for five routes would lengthen it.
 */
export function createSidecarServer(token: string, parts: SidecarParts): Server {
  const allowed = bearerCheck(token);
  const routes = routesOf(parts);
  return createServer((request, response) => {
    request.resume();
    if (!allowed(request.headers.authorization)) {
      return fail(response, 401, { code: "unauthorized", message: "this needs the launch's bearer token" });
    }
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://sidecar");
    const name = `${request.method ?? "GET"} ${pathname}`;
    const route = routes.get(name);
    if (route === undefined) return fail(response, 404, { code: "not_found", message: `there is no ${name}` });
    return route(response, searchParams);
  });
}

function routesOf({ info, ring, stop }: SidecarParts): ReadonlyMap<string, Route> {
  const ready: Health = { status: "ready" };
  const uuids = info.gpus.map(({ uuid }) => uuid);
  return new Map<string, Route>([
    ["GET /v1/clock", (response) => answer(response, 200, readClock())],
    ["GET /v1/health", (response) => answer(response, 200, ready)],
    ["GET /v1/info", (response) => answer(response, 200, info)],
    [
      "GET /v1/samples",
      (response, query) => {
        const parsed = parseQuery(query);
        if (parsed !== undefined) sendSamples(response, ring, uuids, parsed).catch(() => response.destroy());
        else fail(response, 422, { code: "invalid_request", message: "cursor and limit are whole numbers" });
      },
    ],
    [
      "POST /v1/stop",
      (response) => {
        response.once("finish", stop);
        answer(response, 200, {});
      },
    ],
  ]);
}

function parseQuery(query: URLSearchParams): SampleQuery | undefined {
  const cursor = query.get("cursor") ?? "0";
  const limit = query.get("limit") ?? String(Number.MAX_SAFE_INTEGER);
  if (!/^\d{1,16}$/.test(cursor) || !/^\d{1,16}$/.test(limit)) return undefined;
  return { cursor: Number(cursor), limit: Number(limit) };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const fail = (response: ServerResponse, status: number, error: WireError): void => answer(response, status, error);
