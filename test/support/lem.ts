import { spawn } from "node:child_process";
import { once } from "node:events";
import { repository } from "./program.js";

export interface Finished {
  readonly pid: number;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningLem {
  readonly pid: number;
  /** Resolves when stderr has shown this text; rejects when the command ends before. */
  says(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Breaks the pipes behind stdout and stderr. */
  closeOutput(): void;
  readonly finished: Promise<Finished>;
}

/** Starts the built `lem` as a user would. */
export function startLem(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningLem {
  const child = spawn(process.execPath, [`${repository}/bin/run.js`, ...args], {
    cwd: repository,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = once(child, "close").then(() => ({ pid: child.pid ?? 0, code: child.exitCode, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    says: async (text) => {
      while (!stderr.includes(text)) {
        const ended = await Promise.race([once(child.stderr, "data").then(() => false), finished.then(() => true)]);
        if (ended && !stderr.includes(text)) throw new Error(`lem ended without saying "${text}":\n${stderr}`);
      }
    },
    signal: (name) => child.kill(name),
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    finished,
  };
}

/** Runs the built `lem` to its end. */
export async function lem(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return startLem(args, env).finished;
}
