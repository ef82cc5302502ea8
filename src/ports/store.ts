import type { Sample } from "../schema/wire.js";
import type { JournalEntry, Lock } from "../schema/lock.js";
import type { Result } from "../schema/result.js";
import type { RequestRecord } from "../domain/requests.js";

/** What lies beside a result: enough to compute every number again. */
export interface RunArtifacts {
  readonly requests: readonly RequestRecord[];
  readonly samples: readonly Sample[];
  readonly log: string;
}

export interface CampaignStore {
  /** Absolute path of the campaign's directory. */
  readonly directory: string;
  journal(entry: JournalEntry): Promise<void>;
  /** Raw files first, then `result.json` atomically, then the journal line; returns the path of the result. */
  commit(result: Result, artifacts: RunArtifacts): Promise<string>;
}

export interface StoredResult {
  readonly path: string;
  readonly result: Result;
}

/** Result files. */
export interface Store {
  /** Rejects with OUTPUT_NOT_WRITABLE before anything is started. */
  checkWritable(): Promise<void>;
  createCampaign(lock: Lock): Promise<CampaignStore>;
  /** All results below the root, oldest first; files that cannot be read are reported, not hidden. */
  list(): Promise<{ readonly results: readonly StoredResult[]; readonly unreadable: readonly string[] }>;
}
