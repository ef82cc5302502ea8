import type Dockerode from "dockerode";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { LemError } from "../../../core/errors.js";
import type { Unit, UnitExit, UnitSpec } from "../../../ports/runtime.js";
import { LogTail } from "../shared/log-tail.js";
import { engineCall, startProblem, statusOf } from "./problems.js";

export interface CreatedContainer {
  readonly container: Dockerode.Container;
  /** The running container whose network stack this one shares, if it has none of its own. */
  readonly networkHost: Dockerode.Container | undefined;
}

/** Starts a created container; its removal is in the hands of `stop`, and of the site that made it. */
export async function startContainer(docker: Dockerode, created: CreatedContainer, spec: UnitSpec): Promise<Unit> {
  const { container, networkHost } = created;
  const log = new LogTail();
  // With what was said before it is attached, so that it can be attached while the container starts.
  const attaching = engineCall("attach", container.attach({ stream: true, logs: true, stdout: true, stderr: true }));
  attaching.catch(() => undefined); // awaited once the start is over
  // Asked before the start, so that not even the shortest life is missed.
  const exited = exitOf(container);
  try {
    await container.start();
  } catch (error) {
    throw startProblem(error, spec.image);
  }
  const [output, state] = await Promise.all([attaching, engineCall("inspect a container", container.inspect())]);
  docker.modem.demuxStream(output, sink(log, "stdout"), sink(log, "stderr"));
  const address = addressOf(
    networkHost === undefined ? state : await engineCall("inspect a container", networkHost.inspect()),
    spec.port,
  );
  const stop = stopper(container, exited, spec.stopGraceMs);
  if (address === undefined && networkHost !== undefined) throw lostNetwork(spec);
  if (address === undefined) throw await endedAtStart(exited, log, spec);
  return {
    id: container.id,
    baseUrl: `http://${address}`,
    image: spec.image,
    imageDigest: state.Image,
    exited,
    lastOutputNs: () => log.lastNs(),
    logTail: () => log.text(),
    exec: async (command, signal) => execInside(docker, container, command, signal),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

function sink(log: LogTail, name: "stdout" | "stderr"): PassThrough {
  return new PassThrough().on("data", (chunk: Buffer) => log.append(name, chunk));
}

/** A container without a port has ended before anybody could ask for it. */
async function endedAtStart(exited: Promise<UnitExit>, log: LogTail, spec: UnitSpec): Promise<LemError> {
  const exit = await exited;
  return new LemError(
    "WORKER_DIED",
    `${spec.image} ended at start with exit code ${String(exit.code)}: ${log.text().trim().split("\n").at(-1) ?? ""}`,
    {
      logTail: log.text(),
      hint: "its last lines are in the result (error.log_tail)",
    },
  );
}

/** Where a port is published on the host's loopback; a container that has ended publishes nothing. */
function addressOf({ NetworkSettings }: Dockerode.ContainerInspectInfo, port: number): string | undefined {
  const published = NetworkSettings.Ports[`${String(port)}/tcp`]?.[0]?.HostPort;
  return published === undefined ? undefined : `127.0.0.1:${published}`;
}

/** What carries the ports of a unit without a network stack of its own has ended. */
function lostNetwork(spec: UnitSpec): LemError {
  return new LemError("DOCKER_FAILED", `${spec.image} has no network: the sidecar that carries it has ended`);
}

async function exitOf(container: Dockerode.Container): Promise<UnitExit> {
  try {
    const answer: unknown = await container.wait({ condition: "next-exit" });
    const code = statusCodeOf(answer);
    // OOMKilled is also set when only a child was killed and the program ended with a code of its own.
    const outOfMemory = await container.inspect().then(
      (state) => state.State.OOMKilled,
      () => false,
    );
    return { code, signal: null, outOfMemory };
  } catch {
    return { code: null, signal: null, outOfMemory: false }; // removed by somebody, or the engine is gone
  }
}

function statusCodeOf(answer: unknown): number | null {
  const code: unknown =
    typeof answer === "object" && answer !== null && "StatusCode" in answer ? answer.StatusCode : null;
  return typeof code === "number" ? code : null;
}

function stopper(container: Dockerode.Container, exited: Promise<UnitExit>, graceMs: number): () => Promise<UnitExit> {
  let stopping: Promise<UnitExit> | undefined;
  const stop = async (): Promise<UnitExit> => {
    if (graceMs > 0) await container.stop({ t: Math.ceil(graceMs / 1000) }).catch(ignoreGone);
    await removeContainer(container);
    return exited;
  };
  return async () => (stopping ??= stop());
}

/** Removes a container in whatever state it is, and waits until it is gone. */
export async function removeContainer(container: Dockerode.Container): Promise<void> {
  await container.remove({ force: true, v: true }).catch(ignoreGone);
}

export async function removeNetwork(network: Dockerode.Network): Promise<void> {
  await network.remove().catch((error: unknown) => {
    if (statusOf(error) !== 404) throw error;
  });
}

/** 304: has stopped already; 404: is gone; 409: is just being removed. */
function ignoreGone(error: unknown): void {
  const status = statusOf(error);
  if (status !== 304 && status !== 404 && status !== 409) throw error;
}

async function execInside(
  docker: Dockerode,
  container: Dockerode.Container,
  command: readonly string[],
  signal: AbortSignal,
): Promise<{ code: number; stdout: string }> {
  const exec = await container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, abortSignal: signal });
  const stream = await exec.start({ abortSignal: signal });
  const stdout = new PassThrough();
  docker.modem.demuxStream(stream, stdout, new PassThrough().resume());
  stream.once("end", () => stdout.end());
  const output = await text(stdout);
  const { ExitCode: code } = await exec.inspect();
  return { code: code ?? 1, stdout: output };
}
