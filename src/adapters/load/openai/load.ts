import { Pool } from "undici";
import { runClosedLoop } from "../../../domain/closed-loop.js";
import { LemError, messageOf } from "../../../core/errors.js";
import type { LoadDriver } from "../../../ports/load.js";
import { complete } from "./completion.js";

const now = (): bigint => process.hrtime.bigint();

/** lem's own load generator against an OpenAI-compatible server, in the events of the wire protocol. */
export const openaiLoad: LoadDriver = {
  // The times are our own: there is no other clock.
  clockOffset: async () => ({ offsetNs: 0n, uncertaintyNs: 0n }),
  run: async (target, request, onEvent, signal) => {
    const pool = new Pool(target.baseUrl, {
      connections: request.concurrency,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    let seq = 0;
    const emit = (event: Parameters<Parameters<typeof runClosedLoop>[1]["emit"]>[0]): void =>
      onEvent({ ...event, seq: seq++ });
    emit({ type: "start", t_ns: String(now()), run_id: request.run_id });
    try {
      await runClosedLoop(request, {
        generate: async (call, onTokens, callSignal) => complete(pool, target, { call, onTokens, signal: callSignal }),
        emit,
        now,
        signal,
      });
      emit({ type: "end", t_ns: String(now()) });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof LemError
        ? error
        : new LemError("RUN_FAILED", `the server could not be driven: ${messageOf(error)}`, { cause: error });
    } finally {
      // Closes the connections of requests in flight: a server does not end while one of them streams.
      await pool.destroy();
    }
  },
};
