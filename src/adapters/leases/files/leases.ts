import { access, chmod, constants, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { LemError, messageOf } from "../../../core/errors.js";
import type { GpuLeases } from "../../../ports/leases.js";
import { currentOwner, formatOwner, isDead, parseOwner } from "../../owner/shared/owner.js";

/** A lease that is not refreshed for this long has expired; the last resort for owners that cannot be seen from here. */
const staleMs = 60_000;
/** A lock younger than this may belong to somebody who is just about to write down who it is. */
const settledMs = 1_500;
/** How long a taken GPU is waited for: longer than the lease of a dead owner lasts who cannot be seen from here. */
const patienceMs = staleMs + 10_000;

/**
 * Leases as lock files in one folder of the host, so that two campaigns never measure on one GPU at the same time. The
 * lease of a controller that is certainly dead is broken; `onLost` is told when one of ours was.
 */
export function fileLeases(folder: string): GpuLeases {
  return {
    acquire: async (uuids, { holder, signal, onLost }) => {
      const releases: (() => Promise<void>)[] = [];
      const release = async (): Promise<void> => {
        await Promise.allSettled(releases.splice(0).map(async (each) => each()));
      };
      try {
        if (uuids.length > 0) await openFolder(folder);
        // A fixed order, so that two controllers that want the same GPUs cannot wait for each other.
        for (const uuid of uuids.toSorted()) {
          releases.push(await take(join(folder, uuid), { uuid, holder, signal, onLost }));
        }
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

function unusable(path: string, error: unknown): LemError {
  return new LemError("LEASES_UNAVAILABLE", `GPU leases cannot be kept in ${path}: ${messageOf(error)}`, {
    hint: "name a folder that you may write with LEM_LEASES, the same for all controllers of this host",
    cause: error,
  });
}

interface Wanted {
  readonly uuid: string;
  readonly holder: string;
  readonly signal: AbortSignal;
  readonly onLost: (error: LemError) => void;
}

async function take(file: string, wanted: Wanted): Promise<() => Promise<void>> {
  const { uuid, signal } = wanted;
  await prepareFile(file);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await lockNow(file, wanted);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) throw unusable(file, error);
      if (performance.now() > deadline) {
        const [, previous = "another controller"] = (await readFile(file, "utf8")).split("\n");
        throw new LemError("GPU_BUSY", `${uuid} is in use by ${previous}`, {
          hint: "wait for it to end, or name another GPU: --set 'gpus=[1]'",
          cause: error,
        });
      }
    }
    await breakIfDead(file);
    await delay(250, undefined, { signal });
  }
}

/** The file that is locked, writable for everybody: it outlives its holders. */
async function prepareFile(file: string): Promise<void> {
  try {
    await access(file, constants.W_OK);
  } catch {
    try {
      await writeFile(file, "", { flag: "a" });
      await chmod(file, 0o666);
    } catch (error) {
      throw unusable(file, error);
    }
  }
}

async function lockNow(file: string, { uuid, holder, onLost }: Wanted): Promise<() => Promise<void>> {
  const unlock = await lock(file, {
    stale: staleMs,
    update: staleMs / 6,
    onCompromised: (error) => onLost(new LemError("GPU_BUSY", `the lease of ${uuid} was lost: ${error.message}`)),
  });
  await writeFile(file, `${formatOwner(currentOwner())}\n${holder}`);
  return async () => {
    // Nobody must take the next holder for us, who may be dead by then.
    await writeFile(file, "");
    await unlock();
  };
}

/** Removes the lock of a controller that is certainly dead. One at a time, so that nobody breaks the next one's lock. */
async function breakIfDead(file: string): Promise<void> {
  const release = await lock(`${file}.breaking`, { stale: 5_000, realpath: false }).catch(() => undefined);
  if (release === undefined) return;
  try {
    const [owner = ""] = (await readFile(file, "utf8")).split("\n");
    const held = await stat(`${file}.lock`).catch(() => undefined);
    const settled = held !== undefined && Date.now() - held.mtimeMs > settledMs;
    if (settled && (await isCertainlyDead(owner))) await rm(`${file}.lock`, { recursive: true, force: true });
  } finally {
    await release();
  }
}

async function isCertainlyDead(text: string): Promise<boolean> {
  const owner = parseOwner(text);
  // Whether another container still runs cannot be seen from here: it counts as alive until its lease expires.
  return owner !== undefined && (await isDead(owner, currentOwner(), async () => true));
}
