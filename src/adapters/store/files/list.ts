import { appendFile, readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Store, StoredResult } from "../../../ports/store.js";
import { Result } from "../../../schema/result.js";

/**
 * Reads every result below the root, oldest first. Files are read, not the index: the index only spares other tools the
 * walk.
 */
export async function listResults(root: string): ReturnType<Store["list"]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.name === "result.json")
    .map((entry) => join(entry.parentPath, entry.name));
  const results: StoredResult[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    const result = await readFile(path, "utf8").then(parseResult, () => undefined);
    if (result === undefined) unreadable.push(path);
    else results.push({ path, result });
  }
  results.sort((a, b) => (a.result.run_id < b.result.run_id ? -1 : 1));
  return { results, unreadable };
}

function parseResult(text: string): Result | undefined {
  try {
    return Result.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Adds a line to the derived index `index.ndjson` of the results folder. */
export async function addToIndex(root: string, path: string, result: Result): Promise<void> {
  const line = {
    run_id: result.run_id,
    status: result.status,
    campaign: result.campaign.name,
    campaign_id: result.campaign.id,
    cycle: result.campaign.cycle,
    case_id: result.case.id,
    slug: result.case.slug,
    created_at: result.created_at,
    path: relative(root, path),
  };
  await appendFile(join(root, "index.ndjson"), `${JSON.stringify(line)}\n`);
}
