import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { YAMLException, load } from "js-yaml";
import { LemError } from "../../../core/errors.js";
import type { Documents, SourceDocument } from "../../../ports/documents.js";
import { positionsIn } from "./positions.js";

/** YAML 1.2 files. */
export const yamlDocuments: Documents = {
  read: async (file) => {
    const absolute = resolve(file);
    const text = await readText(file, absolute);
    const value = parse(text, file);
    return { file: absolute, text, value, locate: positionsIn(text) } satisfies SourceDocument;
  },
};

async function readText(file: string, absolute: string): Promise<string> {
  try {
    return await readFile(absolute, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new LemError("CAMPAIGN_NOT_FOUND", `cannot read ${file} (${reason})`, {
      hint: "give the path of a campaign file; examples are in campaigns/",
      place: { file },
      cause: error,
    });
  }
}

function parse(text: string, file: string): unknown {
  try {
    return load(text, { filename: file });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const place = {
      file,
      ...(error.mark === undefined ? {} : { line: error.mark.line + 1, column: error.mark.column + 1 }),
    };
    throw new LemError("CAMPAIGN_SYNTAX", `not valid YAML: ${error.reason}`, {
      place,
      cause: error,
      hint: hintFor(error.reason),
    });
  }
}

function hintFor(reason: string): string {
  if (reason.includes("duplicat")) return "every key may stand once; remove one of the two";
  return "check indentation, quotes and brackets on that line and the one before";
}
