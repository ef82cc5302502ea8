import type { Backend, LaunchNeeds, Readiness, ReadinessLimits } from "../ports/backend.js";
import type { Clock } from "../ports/clock.js";
import type { Unit, UnitExit } from "../ports/runtime.js";
import { LemError } from "./errors.js";

/** Waits until the engine can take requests; rejects as soon as its program ends, reports a failure, or hangs. */
export async function waitUntilReady(
  clock: Clock,
  subject: { readonly backend: Backend; readonly unit: Unit; readonly needs: LaunchNeeds },
  limits: ReadinessLimits,
  signal: AbortSignal,
): Promise<void> {
  const { unit } = subject;
  const beganNs = clock.monotonicNs();
  const died = unit.exited.then((exit) => {
    throw diedError(unit, exit);
  });
  // The race below may be over before the program ends; its end is then nobody's business here.
  died.catch(() => undefined);
  // Grows with the time waited: readiness is noticed late by a twentieth of it at most.
  for (let pauseMs = 5; ; pauseMs = Math.min(250, pauseMs * 1.05)) {
    const state = await Promise.race([look(subject, signal), died]);
    if (state.status === "ready") return;
    if (state.status === "failed") {
      const exit = await Promise.race([unit.exited, clock.sleep(2000, signal)]);
      throw exit === undefined
        ? new LemError("WORKER_DIED", `the backend could not start: ${state.message}`, { logTail: unit.logTail() })
        : diedError(unit, exit);
    }
    refuseHanging(clock, unit, { beganNs, limits });
    await Promise.race([clock.sleep(pauseMs, signal), died]);
  }
}

/** A look that gets no answer at all is no reason to wait for ever: the limits have to be looked at too. */
const lookMs = 5_000;

async function look(
  { backend, unit, needs }: Parameters<typeof waitUntilReady>[1],
  signal: AbortSignal,
): Promise<Readiness> {
  try {
    return await backend.readiness(unit, needs, AbortSignal.any([signal, AbortSignal.timeout(lookMs)]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.name === "TimeoutError") return { status: "starting" };
    throw error;
  }
}

function refuseHanging(clock: Clock, unit: Unit, since: { beganNs: bigint; limits: ReadinessLimits }): void {
  const nowNs = clock.monotonicNs();
  const seconds = (fromNs: bigint): number => Number(nowNs - fromNs) / 1e9;
  const { silenceS, totalS } = since.limits;
  if (seconds(since.beganNs) > totalS) throw notReady(unit, `not ready after ${String(totalS)} s`);
  if (seconds(unit.lastOutputNs()) > silenceS) {
    throw notReady(unit, `not ready, and its log has been silent for ${String(silenceS)} s`);
  }
}

function notReady(unit: Unit, message: string): LemError {
  return new LemError("WORKER_NOT_READY", `the backend is ${message}`, {
    logTail: unit.logTail(),
    hint: "the log tail says what it was doing; a large model may need longer limits (LEM_READY_S, LEM_SILENCE_S)",
  });
}

/** The error for a program that ended although nobody asked it to. */
export function diedError(unit: Unit, exit: UnitExit): LemError {
  const logTail = unit.logTail();
  const how = exit.signal === null ? `with exit code ${String(exit.code)}` : `by ${exit.signal}`;
  if (exit.outOfMemory || /CUDA out of memory|out_of_memory/.test(logTail)) {
    return new LemError("WORKER_OUT_OF_MEMORY", `the backend ran out of memory and ended ${how}`, {
      logTail,
      hint: "lower concurrency or the context length, or raise container.memory_bytes",
    });
  }
  return new LemError("WORKER_DIED", `the backend ended ${how}${lastLine(logTail)}`, {
    logTail,
    hint: "its last lines are in the result (error.log_tail)",
  });
}

function lastLine(log: string): string {
  const lines = log.split("\n").filter((text) => text.trim() !== "" && !text.startsWith("listening on"));
  const line = lines.at(-1)?.trim() ?? "";
  return line === "" ? "" : `: ${line.slice(0, 200)}`;
}
