import type { Ports } from "../ports/index.js";
import { Lock } from "../schema/lock.js";
import type { Plan } from "./plan.js";

/** The frozen plan that lies beside a campaign's results. */
export function lockOf(
  ports: Ports,
  plan: Plan,
  frozen: { readonly campaignId: string; readonly images: ReadonlyMap<string, string> },
): Lock {
  return Lock.parse({
    schema: "lem/lock/1",
    campaign: { id: frozen.campaignId, name: plan.name, file_sha256: plan.fileSha256 },
    plan_id: plan.id,
    created_at: ports.clock.wallTime().toISOString(),
    tool: { name: "lem", version: ports.version },
    cases: plan.cases.map(({ id, slug, axes, config }) => ({ id, slug, axes: { ...axes }, config })),
    launches: plan.launches.map(({ index, cycle, cases }) => ({ index, cycle, cases: [...cases] })),
    images: Object.fromEntries(frozen.images),
  });
}
