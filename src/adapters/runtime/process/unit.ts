import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { LemError } from "../../../core/errors.js";
import type { Unit, UnitExit, UnitSpec } from "../../../ports/runtime.js";
import { LogTail } from "../shared/log-tail.js";

export type ProcessUnit = Unit;

/** Starts the program in a process group of its own and waits until it says where it listens. */
export async function startProcess(spec: UnitSpec, signal: AbortSignal): Promise<ProcessUnit> {
  const [program = "", ...args] = spec.command;
  const child = spawn(program, args, {
    detached: true, // a group of its own: it can be ended whole, and Ctrl-C in the terminal does not hit it first
    stdio: ["pipe", "pipe", "pipe"], // the pipe to stdin tells the child when this process is gone
    env: { ...process.env, ...gpuEnv(spec), ...spec.env, ...spec.secretEnv, LEM_HOST: "127.0.0.1", LEM_PORT: "0" },
  });
  const log = new LogTail();
  child.stdout.on("data", (chunk: Buffer) => log.append("stdout", chunk));
  child.stderr.on("data", (chunk: Buffer) => log.append("stderr", chunk));
  child.stdin.on("error", () => undefined); // the child may end first
  const exited = exitOf(child);
  const stop = stopper(child, exited, spec.stopGraceMs);
  try {
    const baseUrl = await listeningAt(child, { exited, log, signal });
    return {
      id: String(child.pid),
      baseUrl,
      image: spec.image,
      imageDigest: undefined,
      exited,
      lastOutputNs: () => log.lastNs(),
      logTail: () => log.text(),
      exec: async (command, execSignal) => runBeside(command, execSignal),
      stop,
      [Symbol.asyncDispose]: async () => void (await stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** GPUs are limited by environment only: a process sees what CUDA and the simulated host let it see. */
function gpuEnv(spec: UnitSpec): Record<string, string> {
  if (spec.gpus === "all") return {};
  const uuids = spec.gpus.join(",");
  return {
    CUDA_DEVICE_ORDER: "PCI_BUS_ID",
    CUDA_VISIBLE_DEVICES: uuids,
    NVIDIA_VISIBLE_DEVICES: uuids === "" ? "void" : uuids,
  };
}

async function exitOf(child: ChildProcess): Promise<UnitExit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: null, signal: null, outOfMemory: false }));
    child.once("close", (code, signalName) => resolve({ code, signal: signalName, outOfMemory: false }));
  });
}

interface Start {
  readonly exited: Promise<UnitExit>;
  readonly log: LogTail;
  readonly signal: AbortSignal;
}

/** lem's own programs listen before they load anything. */
const listenMs = 60_000;

const announcement = /^listening on \S+:(\d+)$/m;

async function listeningAt(child: ChildProcess, { exited, log, signal: outer }: Start): Promise<string> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(listenMs)]);
  for (;;) {
    const match = announcement.exec(log.text());
    if (match?.[1] !== undefined) return `http://127.0.0.1:${match[1]}`;
    signal.throwIfAborted();
    const more = child.stdout === null ? exited : once(child.stdout, "data", { signal });
    const exit = await Promise.race([more.then(() => undefined), exited]);
    if (exit !== undefined && !announcement.test(log.text())) {
      const how = exit.signal === null ? `exit code ${String(exit.code)}` : exit.signal;
      const said = log.text().trim().split("\n").at(-1) ?? "";
      throw new LemError("WORKER_DIED", `the backend ended at start with ${how}${said === "" ? "" : `: ${said}`}`, {
        logTail: log.text(),
        hint: "its last lines are in the result (error.log_tail)",
      });
    }
  }
}

function stopper(child: ChildProcess, exited: Promise<UnitExit>, graceMs: number): () => Promise<UnitExit> {
  let stopping: Promise<UnitExit> | undefined;
  const stop = async (): Promise<UnitExit> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const cut = new AbortController();
      await Promise.race([exited, delay(graceMs, undefined, { signal: cut.signal }).catch(() => undefined)]);
      cut.abort();
    }
    killGroup(child);
    return exited;
  };
  return async () => (stopping ??= stop());
}

/** Ends whatever the program has left in its group. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // ESRCH: the group is empty, which is what was wanted
  }
}

async function runBeside(command: readonly string[], signal: AbortSignal): Promise<{ code: number; stdout: string }> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], signal });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  const [code]: unknown[] = await once(child, "close");
  return { code: typeof code === "number" ? code : 1, stdout };
}
