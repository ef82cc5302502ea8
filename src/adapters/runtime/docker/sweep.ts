import type Dockerode from "dockerode";
import { labels } from "./labels.js";
import type { Owner } from "../../owner/shared/owner.js";
import { isDead, parseOwner } from "../../owner/shared/owner.js";
import { readOnly, statusOf } from "./problems.js";
import { removeContainer, removeNetwork } from "./unit.js";

/** Removes containers and networks whose controller is certainly dead; returns their names. */
export async function sweepOrphans(docker: Dockerode, self: Owner, signal: AbortSignal): Promise<string[]> {
  const filters = { label: [labels.owner] };
  const lists = Promise.all([docker.listContainers({ all: true, filters }), docker.listNetworks({ filters })]);
  // Only the look has a limit: a removal that has begun is seen to its end.
  const [containers, networks] = await readOnly(lists, signal);
  const orphaned = async (own: Record<string, string> | undefined): Promise<boolean> => {
    const owner = parseOwner(own?.[labels.owner] ?? "");
    return owner !== undefined && (await isDead(owner, self, async (id) => isRunning(docker, id)));
  };
  const removed: string[] = [];
  for (const { Id, Names, Labels } of containers) {
    if (!(await orphaned(Labels))) continue;
    await removeContainer(docker.getContainer(Id));
    removed.push((Names[0] ?? Id).replace(/^\//, ""));
  }
  for (const { Id, Name, Labels } of networks) {
    if (!(await orphaned(Labels))) continue;
    await removeNetwork(docker.getNetwork(Id));
    removed.push(Name);
  }
  return removed;
}

async function isRunning(docker: Dockerode, id: string): Promise<boolean> {
  try {
    return (await docker.getContainer(id).inspect()).State.Running;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}
