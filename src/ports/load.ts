import type { RunEvent, RunRequest } from "../schema/wire.js";

export interface LoadTarget {
  readonly baseUrl: string;
  readonly token: string;
  /** Fields that this engine's server needs in every request beside the standard ones; only for `openai-http`. */
  readonly requestFields: Readonly<Record<string, unknown>>;
  /** True for a server that closes the connection after a stream although it promises to keep it. */
  readonly connectionPerRequest: boolean;
}

/** The engine's clock against the controller's. Within `uncertaintyNs` of 0 the two are taken for one clock. */
export interface ClockOffset {
  /** Engine minus controller, to be taken off the engine's times. */
  readonly offsetNs: bigint;
  readonly uncertaintyNs: bigint;
}

/** Sends the requests of one run and tells what happened, in the events of the wire protocol. */
export interface LoadDriver {
  clockOffset(target: LoadTarget, signal: AbortSignal): Promise<ClockOffset>;
  /**
   * Resolves after the last event. Rejects when the engine cannot be driven at all; a request that fails is an event.
   * Aborting ends the requests in flight before it rejects.
   */
  run(target: LoadTarget, request: RunRequest, onEvent: (event: RunEvent) => void, signal: AbortSignal): Promise<void>;
}
