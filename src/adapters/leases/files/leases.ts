import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { LemError, messageOf } from "../../../core/errors.js";
import type { GpuLeases } from "../../../ports/leases.js";
import { currentOwner, formatOwner, isDead, parseOwner } from "../../owner/shared/owner.js";

/** A lease that is not refreshed for this long has expired; the last resort for owners that cannot be seen from here. */
const staleMs = 15_000;

/**
 * Leases as lock files in one folder of the host, so that two campaigns never measure on one GPU at the same time. The
 * lease of a controller that is certainly dead is broken at once.
 */
export function fileLeases(folder: string): GpuLeases {
  return {
    acquire: async (uuids, holder, signal) => {
      const releases: (() => Promise<void>)[] = [];
      const release = async (): Promise<void> => {
        for (const each of releases.splice(0)) await each();
      };
      try {
        if (uuids.length > 0) await openFolder(folder);
        // A fixed order, so that two controllers that want the same GPUs cannot wait for each other.
        for (const uuid of uuids.toSorted()) releases.push(await take(join(folder, uuid), { uuid, holder, signal }));
      } catch (error) {
        await release();
        throw error;
      }
      return { [Symbol.asyncDispose]: release };
    },
  };
}

/** One folder for all users of the host, as /tmp is: everybody may add files, nobody may remove another's. */
async function openFolder(folder: string): Promise<void> {
  try {
    const made = await mkdir(folder, { recursive: true });
    if (made !== undefined) await chmod(folder, 0o1777);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function unusable(folder: string, error: unknown): LemError {
  return new LemError("LEASES_UNAVAILABLE", `GPU leases cannot be kept in ${folder}: ${messageOf(error)}`, {
    hint: "name a folder that you may write with LEM_LEASES, the same for all controllers of this host",
    cause: error,
  });
}

interface Wanted {
  readonly uuid: string;
  readonly holder: string;
  readonly signal: AbortSignal;
}

/** Waits a little longer than a lease lives unrefreshed, then gives up. */
async function take(file: string, { uuid, holder, signal }: Wanted): Promise<() => Promise<void>> {
  await writeFile(file, "", { flag: "a", mode: 0o666 }).catch((error: unknown) => {
    throw unusable(file, error);
  });
  const deadline = performance.now() + staleMs + 5_000;
  for (;;) {
    const [owner = "", previous = "another controller"] = (await readFile(file, "utf8")).split("\n");
    try {
      const release = await lock(file, { stale: staleMs, update: staleMs / 3 });
      await writeFile(file, `${formatOwner(currentOwner())}\n${holder}`);
      return release;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) throw unusable(file, error);
      if (await isCertainlyDead(owner)) {
        await rm(`${file}.lock`, { recursive: true, force: true });
      } else if (performance.now() > deadline) {
        throw new LemError("GPU_BUSY", `${uuid} is in use by ${previous}`, {
          hint: "wait for it to end, or name another GPU: --set 'gpus=[1]'",
          cause: error,
        });
      }
    }
    await delay(250, undefined, { signal });
  }
}

async function isCertainlyDead(text: string): Promise<boolean> {
  const owner = parseOwner(text);
  // Whether another container still runs cannot be seen from here: it counts as alive until its lease expires.
  return owner !== undefined && (await isDead(owner, currentOwner(), async () => true));
}
