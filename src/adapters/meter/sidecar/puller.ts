import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { LemError, messageOf } from "../../../core/errors.js";
import { Sample, SamplesLost } from "../../../schema/wire.js";
import type { ClockOffset } from "../../../ports/load.js";
import type { Endpoint } from "../../wire/shared/http.js";
import { ask, readLines, unexpected } from "../../wire/shared/http.js";

const Line = z.union([Sample, SamplesLost]);
const periodMs = 250;
/** Failures in a row after which the meter counts as dead. The ring buffer of the sidecar covers far longer gaps. */
const patience = 20;
/** A sidecar that answers but has nothing new for this long has a driver that hangs. */
const silenceMs = 5_000;
const answerMs = 5_000;

/** Pulls samples with a cursor, so that a broken connection loses nothing. */
export class Puller {
  readonly samples: Sample[] = [];
  #lost = 0;
  #cursor = 0;
  #failure: LemError | undefined;
  readonly #stopped = new AbortController();
  readonly #endpoint: Endpoint;
  readonly #offset: Promise<ClockOffset>;
  #loop: Promise<void> | undefined;
  #wake: (() => void)[] = [];

  /** `offset`: sidecar's clock minus ours; taken off every sample. */
  constructor(endpoint: Endpoint, offset: Promise<ClockOffset>) {
    this.#endpoint = endpoint;
    this.#offset = offset;
    offset.catch(() => undefined); // each pull awaits it again
  }

  get lost(): number {
    return this.#lost;
  }

  async pull(): Promise<void> {
    await (this.#loop ??= this.#pullUntilStopped());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  /** Resolves when the newest sample is later than `tNs`. */
  async until(tNs: bigint, signal: AbortSignal): Promise<void> {
    for (;;) {
      const newest = this.samples.at(-1);
      if (newest !== undefined && BigInt(newest.t_before_ns) > tNs) return;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
        signal.addEventListener("abort", abort, { once: true });
        this.#wake.push(() => {
          signal.removeEventListener("abort", abort);
          resolve();
        });
      });
    }
  }

  async #pullUntilStopped(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    let newestAt = performance.now();
    while (!signal.aborted && this.#failure === undefined) {
      try {
        const before = this.#cursor;
        await this.#pullOnce(AbortSignal.any([signal, AbortSignal.timeout(answerMs)]));
        failures = 0;
        if (this.#cursor > before) newestAt = performance.now();
        if (performance.now() - newestAt > silenceMs) {
          this.#failure = new LemError(
            "METER_FAILED",
            `the meter has had no new sample for ${String(silenceMs / 1000)} s`,
          );
        }
      } catch (error) {
        if (signal.aborted) return;
        if (++failures >= patience) {
          this.#failure = new LemError("METER_FAILED", `the meter stopped answering: ${messageOf(error)}`, {
            cause: error,
          });
        }
      }
      for (const wake of this.#wake.splice(0)) wake();
      await delay(periodMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #pullOnce(signal: AbortSignal): Promise<void> {
    const { offsetNs } = await this.#offset;
    const answer = await ask(this.#endpoint, `/v1/samples?cursor=${String(this.#cursor)}`, { signal });
    if (answer.status !== 200) {
      throw unexpected("GET /v1/samples", `status ${String(answer.status)}: ${await answer.text()}`);
    }
    for await (const line of readLines(answer.body, Line, "GET /v1/samples")) {
      if ("lost" in line) {
        this.#lost += line.lost;
        this.#cursor = line.next;
      } else {
        this.samples.push(offsetNs === 0n ? line : shifted(line, offsetNs));
        this.#cursor = line.seq + 1;
      }
    }
  }
}

function shifted(sample: Sample, offsetNs: bigint): Sample {
  const move = (tNs: string): string => String(BigInt(tNs) - offsetNs);
  return { ...sample, t_before_ns: move(sample.t_before_ns), t_after_ns: move(sample.t_after_ns) };
}
