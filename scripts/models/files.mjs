/** Files that are either whole or absent. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { closeSync, fchmodSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Creates a folder that everybody may read, whatever the umask: containers do not run as the owner. Folders that exist
 * are left as they are.
 * @param {string} folder
 */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { recursive: true }); // another process may have made it meanwhile
  chmodSync(folder, 0o755);
}

/**
 * Writes under another name first and renames at the end: an interrupted write is never taken for a file.
 * @param {string} path
 * @param {Iterable<Uint8Array | string>} chunks
 */
export function writeWhole(path, chunks) {
  makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (const chunk of chunks) writeAll(file, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      fchmodSync(file, 0o644);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * @param {number} file
 * @param {Uint8Array} bytes
 */
function writeAll(file, bytes) {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

/**
 * Whether the file has this size and begins with these bytes.
 * @param {string} path
 * @param {Uint8Array} start
 * @param {number} size
 */
export function beginsWith(path, start, size) {
  if (statSync(path, { throwIfNoEntry: false })?.size !== size) return false;
  const file = openSync(path, "r");
  try {
    const found = Buffer.alloc(start.length);
    return readSync(file, found, 0, start.length, 0) === start.length && found.equals(start);
  } finally {
    closeSync(file);
  }
}

/**
 * @param {string} path
 * @param {string} text
 */
export function hasText(path, text) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path, "utf8") === text;
}
