import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Bearer token of every program that the tests start. */
export const token = "test-token";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program of lem's own that runs as a child process; disposing of it kills it. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** `http://127.0.0.1:PORT`, once it listens; rejects when it ends before. */
  readonly baseUrl: Promise<string>;
}

/** Starts a compiled program (`workers/simulated/main.js`) from dist/, on a port that it chooses itself. */
export function startProgram(
  path: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Program {
  const child = spawn(process.execPath, [`${repository}/dist/${path}`, ...args], {
    env: { PATH: process.env["PATH"], LEM_TOKEN: token, LEM_PORT: "0", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exited = once(child, "close").then((): Exit => ({ code: child.exitCode, signal: child.signalCode }));
  const listening = (): string | undefined => /^listening on \S+:(\d+)$/m.exec(output.stdout)?.[1];
  const baseUrl = (async () => {
    while (listening() === undefined) {
      const ended = await Promise.race([once(child.stdout, "data").then(() => false), exited.then(() => true)]);
      if (ended && listening() === undefined) throw new Error(`${path} ended: ${output.stderr}`);
    }
    return `http://127.0.0.1:${listening()}`;
  })();
  baseUrl.catch(() => {}); // a test of a program that fails does not ask for it
  return {
    child,
    pid: child.pid ?? 0,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    baseUrl,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** True while a process with this pid runs. One that ended and was not yet waited for by its parent is not alive. */
export function isAlive(pid: number): boolean {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
    return !afterName.startsWith("Z");
  } catch {
    return false;
  }
}
