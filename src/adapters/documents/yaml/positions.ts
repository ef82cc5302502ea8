import { EVENT_ID, getScalarValue, parseEvents } from "js-yaml";
import type { SourceDocument } from "../../../ports/documents.js";

type Event = ReturnType<typeof parseEvents>[number];

interface Open {
  readonly path: readonly (string | number)[];
  readonly kind: "mapping" | "sequence" | "document";
  key: string | undefined;
  length: number;
}

/** Finds where each key and list entry of a YAML text stands, from the parser's own events. */
export function positionsIn(text: string): SourceDocument["locate"] {
  const offsets = new Map<string, number>();
  const stack: Open[] = [];
  for (const event of parseEvents(text, {})) place(event, { text, stack, offsets });
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const offset = offsets.get(keyOf(path.slice(0, length)));
      if (offset !== undefined) return lineAndColumn(text, offset);
    }
    return { line: 1, column: 1 };
  };
}

interface State {
  readonly text: string;
  readonly stack: Open[];
  readonly offsets: Map<string, number>;
}

const keyOf = (path: readonly (string | number)[]): string => JSON.stringify(path.map(String));

function place(event: Event, state: State): void {
  const { stack } = state;
  if (event.type === EVENT_ID.POP) {
    stack.pop();
    return;
  }
  if (event.type === EVENT_ID.DOCUMENT) {
    stack.push({ path: [], kind: "document", key: undefined, length: 0 });
    return;
  }
  const path = nextPath(event, state);
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
    // A key that is itself a collection has no path of its own; its parts are counted below its parent.
    const kind = event.type === EVENT_ID.MAPPING ? "mapping" : "sequence";
    stack.push({ path: path ?? [], kind, key: undefined, length: 0 });
  }
}

/** The path of the value that begins here; undefined when it is a key. Keys give their values their position. */
function nextPath(event: Event, { text, stack, offsets }: State): readonly (string | number)[] | undefined {
  const parent = stack.at(-1);
  if (parent === undefined) return [];
  const offset = startOf(event);
  if (parent.kind === "document") {
    offsets.set(keyOf([]), offset);
    return [];
  }
  if (parent.kind === "sequence") {
    const path = [...parent.path, parent.length++];
    offsets.set(keyOf(path), offset);
    return path;
  }
  if (parent.key === undefined) {
    parent.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : "?";
    offsets.set(keyOf([...parent.path, parent.key]), offset);
    return undefined;
  }
  const path = [...parent.path, parent.key];
  parent.key = undefined;
  return path;
}

function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) return event.start;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : 0;
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
