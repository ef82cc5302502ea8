import { fstatSync } from "node:fs";

/**
 * Calls `onGone` when the controller that started this program is gone, so that a killed controller leaves no orphan.
 *
 * The sign is the end of stdin, provided stdin is a pipe (Node's default for child processes: `stdio: "pipe"`). The
 * kernel closes a pipe however its owner died, SIGKILL included, also when that was before this program got here.
 * Polling for the parent's pid would wake up an idle machine that is being measured, can meet a pid that was given to
 * another process, and sees nothing through a shell, `npx` or a pid namespace. In a container (stdin /dev/null) and in a
 * terminal there is no pipe and nothing is watched: there the runtime, or the person, ends the program.
 */
export function watchParent(onGone: () => void): void {
  if (!stdinIsPipe()) return;
  process.stdin.once("end", onGone).once("close", onGone).once("error", onGone);
  process.stdin.resume();
  process.stdin.unref();
}

function stdinIsPipe(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false; // closed from the start
  }
}
