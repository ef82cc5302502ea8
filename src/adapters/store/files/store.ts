import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { LemError } from "../../../core/errors.js";
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
      const journal = openJournal(join(directory, "journal.ndjson"));
      return {
        directory,
        journal,
        commit: async (result, artifacts) => {
          const path = await commitRun(directory, result, artifacts);
          await addToIndex(root, path, result);
          return relative(directory, path);
        },
      } satisfies CampaignStore;
    },
    list: async () => listResults(root),
  };
}
