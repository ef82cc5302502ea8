import { z } from "zod";
import { CampaignForEditors } from "./campaign.js";

const root: unknown = z.toJSONSchema(CampaignForEditors, { io: "input", unrepresentable: "any" });

/** Keys that the campaign schema knows at a path, for "did you mean"; empty where anything goes. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let properties = propertiesOf(root);
  for (const key of path) properties = propertiesOf(properties.get(String(key)));
  return [...properties.keys()];
}

function propertiesOf(node: unknown): Map<string, unknown> {
  const isObject = typeof node === "object" && node !== null;
  const properties: unknown = isObject && "properties" in node ? node.properties : undefined;
  return new Map(typeof properties === "object" && properties !== null ? Object.entries(properties) : []);
}
