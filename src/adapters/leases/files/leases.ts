import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { LemError } from "../../../core/errors.js";
import type { GpuLeases } from "../../../ports/leases.js";

/**
 * Leases as lock files in one folder of the host, so that two campaigns never measure on one GPU at the same time. A
 * lease of a dead controller expires by itself: its lock file is no longer refreshed.
 */
export function fileLeases(folder: string): GpuLeases {
  return {
    acquire: async (uuids, owner) => {
      const releases: (() => Promise<void>)[] = [];
      const release = async (): Promise<void> => {
        for (const each of releases.splice(0)) await each();
      };
      if (uuids.length > 0) await mkdir(folder, { recursive: true, mode: 0o777 });
      try {
        // A fixed order, so that two controllers that want the same GPUs cannot wait for each other.
        for (const uuid of uuids.toSorted()) releases.push(await take(join(folder, uuid), uuid, owner));
      } catch (error) {
        await release();
        throw error;
      }
      return { [Symbol.asyncDispose]: release };
    },
  };
}

async function take(file: string, uuid: string, owner: string): Promise<() => Promise<void>> {
  await writeFile(file, "", { flag: "a" });
  const previous = await readFile(file, "utf8");
  try {
    const release = await lock(file, { stale: 15_000, update: 5_000 });
    await writeFile(file, owner);
    return release;
  } catch (error) {
    throw new LemError("GPU_BUSY", `${uuid} is in use by ${previous === "" ? "another controller" : previous}`, {
      hint: "wait for it to end; a lease of a killed controller expires after 15 s",
      cause: error,
    });
  }
}
