import { watchParent } from "./parent-watch.js";

const leave = (): never => process.exit(0);

/**
 * Ends the program cleanly on SIGTERM, SIGINT, or when the controller is gone: waits for `close`, but never longer than
 * `graceMs`, then exits with 0. An engine in the middle of a long kernel cannot be interrupted and must not hold us up.
 */
export function endOnRequest(close: () => Promise<void>, graceMs: number): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(leave, graceMs);
    close().then(leave, leave);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  watchParent(end);
}
