import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunArtifacts } from "../../../ports/store.js";
import type { Result } from "../../../schema/result.js";
import { powerTable, requestsTable, tokensTable } from "./tables.js";
import { writeDurably } from "./write-durably.js";

type FileRecord = Result["files"][number];

/** Writes a run: raw tables and log first, then result.json, whose presence says that the run is complete. */
export async function commitRun(directory: string, result: Result, artifacts: RunArtifacts): Promise<string> {
  const folder = join(directory, "runs", result.case.slug, result.run_id);
  await mkdir(folder, { recursive: true });
  const files: FileRecord[] = [];
  const write = async (path: string, content: Uint8Array, rows?: number): Promise<void> => {
    await writeDurably(join(folder, path), content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    files.push({ path, sha256, bytes: content.byteLength, ...(rows === undefined ? {} : { rows }) });
  };
  for (const table of [
    requestsTable(artifacts.requests),
    tokensTable(artifacts.requests),
    powerTable(artifacts.samples),
  ]) {
    if (table.rows > 0) await write(`${table.name}.parquet`, table.content, table.rows);
  }
  if (artifacts.log !== "") await write("engine.log", Buffer.from(artifacts.log));
  const path = join(folder, "result.json");
  await writeDurably(path, `${JSON.stringify({ ...result, files }, null, 2)}\n`);
  return path;
}
