/** A parsed configuration file that still knows where everything stood. */
export interface SourceDocument {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  /** Line and column (from 1) of a value, or of its nearest parent that exists. */
  locate(path: readonly (string | number)[]): { readonly line: number; readonly column: number };
}

/** Configuration files. */
export interface Documents {
  /** Rejects with CAMPAIGN_NOT_FOUND or CAMPAIGN_SYNTAX. */
  read(file: string): Promise<SourceDocument>;
}

export interface ModelFiles {
  /** Absolute path of a file or folder, or undefined when it does not exist or cannot be read. */
  resolve(path: string, relativeTo: string): Promise<string | undefined>;
  /** Size, and SHA-256 of the content (of a folder: of the sorted list of its files and hashes). */
  fingerprint(path: string): Promise<{ readonly bytes: number; readonly sha256: string }>;
}
