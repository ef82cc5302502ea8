import { LemError, messageOf } from "../../../core/errors.js";

/** The HTTP status of an answer of the engine, where there was an answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/** Explains what the engine said about a container that could not be made or started. */
export function startProblem(error: unknown, image: string): LemError {
  const message = messageOf(error);
  if (statusOf(error) === 404 && /no such image/i.test(message)) {
    return new LemError("IMAGE_MISSING", `the image ${image} is not on this engine`, {
      cause: error,
      hint: `docker pull ${image}`,
    });
  }
  if (/could not select device driver|unresolvable CDI devices|unknown device|nvidia-container-cli/.test(message)) {
    return new LemError("GPU_NOT_AVAILABLE", `the engine cannot hand over a GPU: ${lastPart(message)}`, {
      cause: error,
      hint: "install the NVIDIA Container Toolkit (or set container.gpu_driver: cdi), or run without: --set gpus=none",
    });
  }
  return new LemError("DOCKER_FAILED", `the engine could not start ${image}: ${lastPart(message)}`, { cause: error });
}

export function unreachable(error: unknown): LemError {
  return new LemError("DOCKER_UNREACHABLE", `no Docker Engine answers: ${messageOf(error)}`, {
    cause: error,
    hint: "start Docker, check DOCKER_HOST and your right to use the socket; or use runtime: process",
  });
}

/** Engines nest their messages; the last part says what happened. */
function lastPart(message: string): string {
  return message.replaceAll(/\s+/g, " ").trim().slice(-300);
}

/** A call of the engine whose failure is told with what it was for. */
export async function engineCall<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof LemError) throw error;
    throw new LemError("DOCKER_FAILED", `the engine could not ${what}: ${lastPart(messageOf(error))}`, {
      cause: error,
    });
  }
}

/** A call that only reads: nobody has to wait for its answer once the signal aborts or the time is over. */
export async function readOnly<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = AbortSignal.any([signal, AbortSignal.timeout(readMs)]);
  call.catch(() => undefined); // it may fail after nobody waits any more
  const aborted = new Promise<never>((_resolve, reject) => {
    given.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true });
  });
  aborted.catch(() => undefined);
  try {
    signal.throwIfAborted();
    return await Promise.race([call, aborted]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

const readMs = 15_000;
