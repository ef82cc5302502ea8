import { readFileSync } from "node:fs";

/** Version of lem's program, from the package.json that it was installed with; `unknown` where there is none. */
export function programVersion(): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    const found =
      typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : undefined;
    return typeof found === "string" ? found : "unknown";
  } catch {
    return "unknown";
  }
}
