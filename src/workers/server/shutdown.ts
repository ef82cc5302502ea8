import { watchParent } from "./parent-watch.js";

const leave = (): never => process.exit(0);

/**
 * Leaves without waiting for native threads. `process.exit` joins libuv's threads, and one that is in the middle of a
 * long batch holds it up for seconds; `_exit` of the C library does not ask them.
 */
async function leaveNow(): Promise<void> {
  try {
    const { default: koffi } = await import("koffi");
    koffi.load(null).func("void _exit(int)")(0);
  } finally {
    process.kill(process.pid, "SIGKILL");
  }
}

/**
 * Ends the program cleanly on SIGTERM, SIGINT, or when the controller is gone: waits for `close`, but never longer than
 * `graceMs`, then exits with 0. An engine in the middle of a long kernel cannot be interrupted and must not hold us up.
 */
export function endOnRequest(close: () => Promise<void>, graceMs: number): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => void leaveNow(), graceMs);
    close().then(leave, leave);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  watchParent(end);
}
