import { LemError } from "../index.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs work that Ctrl-C, SIGTERM and a closed terminal abort. The signal arrives as an AbortSignal, so that everything that was started is
 * taken down before this rejects; further signals change nothing, because nothing could be faster without leaving
 * something behind.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  say: (line: string) => void,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) return;
    say(`${name}: ending the run and removing what was started`);
    const code = name === "SIGINT" ? "INTERRUPTED" : "TERMINATED";
    controller.abort(
      new LemError(code, "interrupted", {
        hint: "run the campaign again: it starts anew in a folder of its own",
      }),
    );
  };
  for (const name of signals) process.on(name, interrupt);
  // A terminal or a reader that has gone away must not end lem before it has cleaned up.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}
