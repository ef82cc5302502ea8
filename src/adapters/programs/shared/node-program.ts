import { fileURLToPath } from "node:url";

/** Command line of one of lem's own Node programs, by its path below the compiled sources. */
export function nodeProgram(path: string): readonly string[] {
  return [process.execPath, fileURLToPath(new URL(`../../../${path}`, import.meta.url))];
}
