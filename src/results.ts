import { LemError } from "./core/errors.js";
import type { Ports } from "./ports/index.js";
import type { Store, StoredResult } from "./ports/store.js";

/** All results below the results folder, oldest first, and the files that could not be read. */
export async function listResults(ports: Ports): ReturnType<Store["list"]> {
  return ports.store.list();
}

/** One result by run id, by the start of one, or `last`. Rejects with RESULT_NOT_FOUND. */
export async function showResult(ports: Ports, which: string): Promise<StoredResult> {
  const { results } = await ports.store.list();
  const found =
    which === "last"
      ? results.slice(-1)
      : results.filter(({ result }) => result.run_id.startsWith(which.toUpperCase()));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new LemError(
    "RESULT_NOT_FOUND",
    found.length === 0 ? `there is no result "${which}"` : `"${which}" fits ${String(found.length)} results`,
    {
      hint:
        found.length === 0
          ? "lem results ls lists them; --output chooses another folder"
          : `give more of it: ${found
              .slice(0, 5)
              .map(({ result }) => result.run_id)
              .join(", ")}`,
    },
  );
}
