import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ModelFiles } from "../../../ports/documents.js";

/** Models that lie on this host. */
export const localModels: ModelFiles = {
  resolve: async (path, relativeTo) => {
    const absolute = resolve(relativeTo, path);
    try {
      await access(absolute, constants.R_OK);
      return absolute;
    } catch {
      return undefined;
    }
  },
  fingerprint: async (path) => {
    const info = await stat(path);
    if (!info.isDirectory()) return { bytes: info.size, sha256: await hashFile(path) };
    const lines: string[] = [];
    let bytes = 0;
    for (const file of await filesBelow(path)) {
      bytes += (await stat(file)).size;
      lines.push(`${await hashFile(file)}  ${relative(path, file)}\n`);
    }
    return { bytes, sha256: createHash("sha256").update(lines.join("")).digest("hex") };
  },
};

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [] : [join(entry.parentPath, entry.name)])).toSorted();
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
