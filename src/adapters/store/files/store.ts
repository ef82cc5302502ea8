import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { LemError, messageOf } from "../../../core/errors.js";
import type { CampaignStore, Store } from "../../../ports/store.js";
import { commitRun } from "./commit.js";
import { openJournal } from "./journal.js";
import { addToIndex, listResults } from "./list.js";
import { writeDurably } from "./write-durably.js";

/** One folder per campaign below `root`; result files are the truth, the index is derived and may be deleted. */
export function fileStore(root: string): Store {
  return {
    checkWritable: async () => {
      const probe = join(root, `.probe-${String(process.pid)}`);
      try {
        await mkdir(root, { recursive: true });
        await writeFile(probe, "");
        await rm(probe);
      } catch (error) {
        throw new LemError("OUTPUT_NOT_WRITABLE", `cannot write results below ${root}`, {
          hint: "choose another folder with --output or LEM_RESULTS, or change its owner",
          place: { file: root },
          cause: error,
        });
      }
    },
    createCampaign: async (lock) => {
      const directory = join(root, lock.campaign.name, lock.campaign.id);
      await mkdir(join(directory, "runs"), { recursive: true });
      await writeDurably(join(directory, "campaign.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
      const append = openJournal(join(directory, "journal.ndjson"));
      return {
        directory,
        journal: async (entry) => writing(directory, append(entry)),
        commit: async (result, artifacts) => {
          const path = await writing(directory, commitRun(directory, result, artifacts));
          await writing(root, addToIndex(root, path, result));
          return relative(directory, path);
        },
      } satisfies CampaignStore;
    },
    list: async () => listResults(root),
  };
}

/** A full disk or a folder that went away is no bug; what was stored before stays. */
async function writing<T>(folder: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new LemError("OUTPUT_NOT_WRITABLE", `cannot write results in ${folder}: ${messageOf(error)}`, {
      hint: "make room or mend the folder, then run the campaign again; what was stored before is whole",
      place: { file: folder },
      cause: error,
    });
  }
}
