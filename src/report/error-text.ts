/** An error as people read it: where, what, code; then why and what to do next. */
export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place?:
    { readonly file: string; readonly line?: number | undefined; readonly column?: number | undefined } | undefined;
  readonly problems?: readonly ErrorView[] | undefined;
}

/** Text of an error, one paragraph per problem. `source` gives the text of a file for the line under the message. */
export function errorText(error: ErrorView, source: (file: string) => string | undefined): string {
  if (error.problems !== undefined && error.problems.length > 0) {
    return error.problems.map((problem) => errorText(problem, source)).join("\n");
  }
  const lines = [`${where(error)}error  ${error.message}  [${error.code}]`];
  if (error.place?.line !== undefined) {
    lines.push(...frame(source(error.place.file), error.place.line, error.place.column ?? 1));
  }
  if (error.hint !== undefined) lines.push(`  → ${error.hint}`);
  return lines.join("\n");
}

function where({ place }: ErrorView): string {
  if (place === undefined) return "";
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(":") + "  ";
}

function frame(text: string | undefined, line: number, column: number): string[] {
  const content = text?.split("\n")[line - 1];
  if (content === undefined) return [];
  const margin = `${String(line).padStart(5)} | `;
  return [margin + content, `${" ".repeat(margin.length - 2)}| ${" ".repeat(column - 1)}^`];
}
