import { open } from "node:fs/promises";
import type { JournalEntry } from "../../../schema/lock.js";

/** Appends one line per entry and waits until it is on disk; a crash can tear only the last line. */
export function openJournal(path: string): (entry: JournalEntry) => Promise<void> {
  return async (entry) => {
    const file = await open(path, "a");
    try {
      await file.writeFile(`${JSON.stringify(entry)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  };
}
