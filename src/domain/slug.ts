import type { Fields } from "./paths.js";
import { isFields } from "./paths.js";

/**
 * A name for people made of the axes that vary: `llamacpp-tiny-c4`. Never parsed; ids are the identity. Numbers carry
 * the initials of their axis, since `4` alone says nothing.
 */
export function slugOf(axes: Fields, fallback: string): string {
  const parts = Object.entries(axes).map(([path, value]) => part(path, value));
  const slug = parts
    .join("-")
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "");
  return slug === "" ? fallback : slug.slice(0, 80);
}

function part(path: string, value: unknown): string {
  const name = path.split(".").at(-1) ?? path;
  if (typeof value === "number" || typeof value === "boolean") return `${initials(name)}${String(value)}`;
  if (typeof value === "string") return value.split("/").at(-1) ?? value;
  if (isFields(value) && typeof value["id"] === "string") return part(path, value["id"]);
  return `${initials(name)}-${JSON.stringify(value)}`;
}

function initials(name: string): string {
  return name
    .split("_")
    .map((word) => word.slice(0, 1))
    .join("");
}
