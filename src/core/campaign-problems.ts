import type { z } from "zod";
import { didYouMean } from "../domain/did-you-mean.js";
import { isFields, valueAt } from "../domain/paths.js";
import type { SourceDocument } from "../ports/documents.js";
import { knownKeys } from "../schema/fields.js";
import type { Place } from "./errors.js";
import { LemError } from "./errors.js";

export type Path = readonly (string | number)[];

/** Finds where a value of the checked object came from. */
export type Locate = (path: Path) => Place;

/** Turns what zod found into errors with file, line, key and a next step. */
export function problemsOf(error: z.ZodError, value: unknown, locate: Locate): LemError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], locate));
    const given = isFields(value) ? valueAt(value, path.join(".")) : value;
    return [
      invalidValue(
        path,
        given === undefined && path.length > 0 ? `is missing (${explain(issue)})` : explain(issue),
        locate,
      ),
    ];
  });
}

export function placeOf(document: SourceDocument, path: Path): Place {
  return { file: document.file, ...document.locate(path), key: path.join(".") };
}

function unknownKey(path: Path, locate: Locate): LemError {
  const key = String(path.at(-1));
  const known = knownKeys(path.slice(0, -1));
  const near = didYouMean(key, known);
  const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
  return new LemError("CAMPAIGN_INVALID", `unknown key "${key}"`, { place: locate(path), hint });
}

function invalidValue(path: Path, message: string, locate: Locate): LemError {
  return new LemError(
    "CAMPAIGN_INVALID",
    `${path.join(".") || "file"}${message.startsWith("is missing") ? " " : ": "}${message}`,
    {
      place: locate(path),
      hint: "the fields and their values are listed in docs/campaign-file.md",
    },
  );
}

type Issue = z.ZodError["issues"][number];

/** zod's message; for a union those of its branches, since "Invalid input" helps nobody. */
function explain(issue: Issue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const branches = issue.errors.flatMap((errors) => errors.slice(0, 1).map((error) => error.message));
  return branches.length === 0 ? issue.message : [...new Set(branches)].join("; or: ");
}
