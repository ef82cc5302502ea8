/** An error as people read it: where, what, code; then why and what to do next. */
export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place?:
    { readonly file: string; readonly line?: number | undefined; readonly column?: number | undefined } | undefined;
  readonly problems?: readonly ErrorView[] | undefined;
}

export interface Files {
  /** Text of a file, for the line under the message. */
  source(file: string): string | undefined;
  /** A file's name as people want to read it. */
  shown(file: string): string;
}

/** Text of an error, one paragraph per problem. */
export function errorText(error: ErrorView, files: Files): string {
  if (error.problems !== undefined && error.problems.length > 0) {
    return error.problems.map((problem) => errorText(problem, files)).join("\n");
  }
  const lines = [`${where(error, files)}error  ${error.message}  [${error.code}]`];
  if (error.place?.line !== undefined) {
    lines.push(...frame(files.source(error.place.file), error.place.line, error.place.column ?? 1));
  }
  if (error.hint !== undefined) lines.push(`  → ${error.hint}`);
  return lines.join("\n");
}

function where({ place }: ErrorView, files: Files): string {
  if (place === undefined) return "";
  return [files.shown(place.file), place.line, place.column].filter((part) => part !== undefined).join(":") + "  ";
}

function frame(text: string | undefined, line: number, column: number): string[] {
  const content = text?.split("\n")[line - 1];
  if (content === undefined || content.trim() === "") return [];
  const margin = `${String(line).padStart(5)} | `;
  return [margin + content, `${" ".repeat(margin.length - 2)}| ${" ".repeat(column - 1)}^`];
}
