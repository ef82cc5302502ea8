export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a dotted path, or undefined. */
export function valueAt(fields: Fields, path: string): unknown {
  let value: unknown = fields;
  for (const key of path.split(".")) {
    if (!isFields(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** A copy of `fields` with the value at a dotted path replaced; missing parents are made. */
export function withValueAt(fields: Fields, path: string, value: unknown): Fields {
  const [head = "", ...rest] = path.split(".");
  if (rest.length === 0) return { ...fields, [head]: value };
  const child = fields[head];
  return { ...fields, [head]: withValueAt(isFields(child) ? child : {}, rest.join("."), value) };
}

/** All leaves of nested fields as dotted paths; arrays are leaves. */
export function leaves(fields: Fields, prefix = ""): [path: string, value: unknown][] {
  return Object.entries(fields).flatMap(([key, value]): [string, unknown][] =>
    isFields(value) && Object.keys(value).length > 0 ? leaves(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );
}
