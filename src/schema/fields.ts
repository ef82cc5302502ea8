import { z } from "zod";
import { CampaignForEditors } from "./campaign.js";

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
}

const root = z.toJSONSchema(CampaignForEditors, { io: "input", unrepresentable: "any" }) as Node;

/** Keys that the campaign schema knows at a path, for "did you mean"; empty where anything goes. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let node: Node | undefined = root;
  for (const key of path) node = node?.properties?.[String(key)];
  return Object.keys(node?.properties ?? {});
}
