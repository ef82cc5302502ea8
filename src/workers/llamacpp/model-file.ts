import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Model } from "../../schema/model.js";

/** The GGUF file of a model: `path` itself, or the only one in the folder `path`. Rejects with one clear line. */
export async function findModelFile(model: Model): Promise<string> {
  const { id, path } = model;
  if (path === undefined) {
    throw new Error(
      `model ${id} has no path: embedded llama.cpp loads a GGUF file of this machine and downloads nothing`,
    );
  }
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Error(`model file not found: ${path}`);
  if (!found.isDirectory()) return path;
  const files = (await readdir(path)).filter((name) => name.endsWith(".gguf"));
  const [only] = files;
  if (only !== undefined && files.length === 1) return join(path, only);
  throw new Error(`${path} holds ${files.length} GGUF files; name one of them`);
}
