import { setTimeout as delay } from "node:timers/promises";
import { messageOf, LemError } from "../../../core/errors.js";
import type { LoadDriver, LoadTarget } from "../../../ports/load.js";
import type { RunRequest } from "../../../schema/wire.js";
import { RunEvent } from "../../../schema/wire.js";
import { measureClockOffset } from "../../wire/shared/clock-offset.js";
import type { Answer } from "../../wire/shared/http.js";
import { ask, readLines, unexpected } from "../../wire/shared/http.js";

const reconnects = 5;

/** The worker makes the load inside the engine's own process; this driver hands the work over and listens. */
export const wireLoad: LoadDriver = {
  clockOffset: measureClockOffset,
  run: async (target, request, onEvent, signal) => {
    try {
      await follow(target, request, onEvent, signal);
    } catch (error) {
      // The engine must not go on computing for a run that nobody listens to.
      await ask(target, "/v1/stop", { signal: AbortSignal.timeout(2_000), post: {} })
        .then((answer) => answer.text())
        .catch(() => undefined);
      signal.throwIfAborted();
      throw error;
    }
  },
};

type OnEvent = (event: RunEvent) => void;

/** Reads the run's events to the end; a broken connection is taken up again at the next event. */
async function follow(target: LoadTarget, request: RunRequest, onEvent: OnEvent, signal: AbortSignal): Promise<void> {
  const stream = new EventStream(onEvent);
  let answer = await accepted(ask(target, "/v1/runs", { signal, post: request }));
  for (let attempt = 0; ; attempt++) {
    const broken = await stream.read(answer).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (stream.complete) return;
    signal.throwIfAborted();
    if (broken instanceof LemError || attempt >= reconnects) throw brokenStream(broken);
    await delay(50 * 2 ** attempt, undefined, { signal });
    answer = await accepted(
      ask(target, `/v1/runs/${request.run_id}/events?cursor=${String(stream.cursor)}`, { signal }),
    );
  }
}

/** The events of one run over as many connections as it takes. */
class EventStream {
  readonly #onEvent: OnEvent;
  /** Number of the next event that is needed. */
  cursor = 0;
  complete = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  async read(answer: Answer): Promise<void> {
    for await (const event of readLines(answer.body, RunEvent, "POST /v1/runs")) {
      if (event.seq < this.cursor) continue;
      if (event.seq > this.cursor) {
        throw unexpected("POST /v1/runs", `event ${String(event.seq)} after ${String(this.cursor - 1)}`);
      }
      this.cursor++;
      this.#onEvent(event);
      this.complete = event.type === "end" || event.type === "failed";
    }
  }
}

async function accepted(asking: Promise<Answer>): Promise<Answer> {
  const answer = await asking.catch((error: unknown) => {
    throw brokenStream(error);
  });
  if (answer.status === 200) return answer;
  throw unexpected("POST /v1/runs", `status ${String(answer.status)}: ${(await answer.text()).slice(0, 300)}`);
}

function brokenStream(error: unknown): LemError {
  if (error instanceof LemError) return error;
  const why = error === undefined ? "it ended too early" : messageOf(error);
  return new LemError("RUN_FAILED", `the event stream of the run broke: ${why}`, { cause: error });
}
