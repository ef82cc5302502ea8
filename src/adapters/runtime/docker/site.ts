import type Dockerode from "dockerode";
import type { LaunchIdentity, LaunchSite, PreparedUnit, UnitSpec } from "../../../ports/runtime.js";
import { containerOptions } from "./container-options.js";
import type { Placement } from "./container-options.js";
import { labels } from "./labels.js";
import { startProblem } from "./problems.js";
import { removeContainer, startContainer } from "./unit.js";

export interface SiteSettings {
  readonly docker: Dockerode;
  readonly identity: LaunchIdentity;
  readonly owner: string;
  readonly hostPath: (path: string) => string;
}

/** A private network and the containers on it; disposing removes all of them, also those that are just being made. */
export async function openSite({ docker, identity, owner, hostPath }: SiteSettings): Promise<LaunchSite> {
  const network = await docker.createNetwork({
    Name: `lem-${identity.launchId.toLowerCase()}`,
    Driver: "bridge",
    Labels: { [labels.owner]: owner, [labels.campaign]: identity.campaignId, [labels.launch]: identity.launchId },
  });
  const placement: Placement = { identity, network: network.id, owner, hostPath };
  const creations: Promise<Dockerode.Container>[] = [];
  return {
    prepare: async (spec) => {
      // Not abortable on purpose: an answer that is not awaited would leave a container that nobody knows.
      const creation = create(docker, spec, placement);
      creations.push(creation);
      const container = await creation;
      return {
        start: async (signal) => {
          signal.throwIfAborted();
          return startContainer(docker, container, spec);
        },
      } satisfies PreparedUnit;
    },
    [Symbol.asyncDispose]: async () => {
      const created = await Promise.allSettled(creations);
      await Promise.all(
        created.map(async (each) => each.status === "fulfilled" && (await removeContainer(each.value))),
      );
      await network.remove();
    },
  };
}

async function create(docker: Dockerode, spec: UnitSpec, placement: Placement): Promise<Dockerode.Container> {
  try {
    return await docker.createContainer(containerOptions(spec, placement));
  } catch (error) {
    throw startProblem(error, spec.image);
  }
}
