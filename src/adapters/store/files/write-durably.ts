import { open } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** Writes a file so that it is either wholly there or not at all, also after a power cut. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeFileAtomic(path, typeof content === "string" ? content : Buffer.from(content), { fsync: true });
  // The rename itself is only safe once the folder has been written too.
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
