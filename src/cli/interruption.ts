import { LemError } from "../index.js";

/**
 * Runs work that Ctrl-C and SIGTERM abort. The signal arrives as an AbortSignal, so that everything that was started is
 * taken down before this rejects; further signals change nothing, because nothing could be faster without leaving
 * something behind.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  say: (line: string) => void,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = (name: "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) return;
    say(`${name}: ending the run and removing what was started`);
    const code = name === "SIGINT" ? "INTERRUPTED" : "TERMINATED";
    controller.abort(
      new LemError(code, "interrupted; finished runs are stored", {
        hint: "start it again: finished campaigns are never overwritten",
      }),
    );
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
