import type Dockerode from "dockerode";
import type { LaunchIdentity, LaunchSite, PreparedUnit, UnitSpec } from "../../../ports/runtime.js";
import { containerOptions } from "./container-options.js";
import type { Placement } from "./container-options.js";
import { labels } from "./labels.js";
import { LemError, messageOf } from "../../../core/errors.js";
import { engineCall, startProblem } from "./problems.js";
import { removeContainer, removeNetwork, startContainer } from "./unit.js";

export interface SiteSettings {
  readonly docker: Dockerode;
  readonly identity: LaunchIdentity;
  readonly owner: string;
  readonly hostPath: (path: string) => string;
}

/** A private network and the containers on it; disposing removes all of them, also those that are just being made. */
export async function openSite({ docker, identity, owner, hostPath }: SiteSettings): Promise<LaunchSite> {
  const ownLabels = {
    [labels.owner]: owner,
    [labels.campaign]: identity.campaignId,
    [labels.launch]: identity.launchId,
  };
  const name = `lem-${identity.launchId.toLowerCase()}`;
  // Without masquerading no answer finds its way back: an engine with a local model has nobody to talk to while it is
  // measured.
  const options = { "com.docker.network.bridge.enable_ip_masquerade": String(identity.outgoing) };
  // Containers are made on it by its name meanwhile: an engine looks for the network only when they start.
  const making = engineCall(
    "make a network",
    docker.createNetwork({ Name: name, Driver: "bridge", Labels: ownLabels, Options: options }),
  );
  making.catch(() => undefined); // told by the first start
  const creations: Promise<Dockerode.Container>[] = [];
  /** Containers that lend others their network stack, by the ports of these others. */
  const hosts = new Map<number, Promise<Dockerode.Container>>();
  const placement = async (spec: UnitSpec): Promise<Placement> => {
    const host = await hosts.get(spec.port);
    const common = { identity, owner, hostPath };
    if (host !== undefined) return { ...common, network: `container:${host.id}`, publish: [] };
    return { ...common, network: name, publish: [spec.port, ...(spec.guestPorts ?? [])] };
  };
  return {
    prepare: async (spec) => {
      // Not abortable on purpose: an answer that is not awaited would leave a container that nobody knows.
      const creation = create(docker, spec, placement(spec));
      creations.push(creation);
      const networkHost = hosts.get(spec.port);
      for (const port of spec.guestPorts ?? []) hosts.set(port, creation);
      const container = await creation;
      return {
        start: async (signal) => {
          await making;
          signal.throwIfAborted();
          return startContainer(docker, { container, networkHost: await networkHost }, spec);
        },
      } satisfies PreparedUnit;
    },
    [Symbol.asyncDispose]: async () => {
      const created = await Promise.allSettled(creations);
      const network = await making.catch(() => undefined);
      const containers = created.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      if (network !== undefined) await leaveEarly(network, containers);
      const early = network === undefined ? undefined : removeNetwork(network).catch(() => undefined);
      const removed = await Promise.allSettled(containers.map(removeContainer));
      await early;
      const [networkRemoved] = await Promise.allSettled(network === undefined ? [] : [removeNetwork(network)]);
      const failed = [...removed, networkRemoved].find((each) => each?.status === "rejected");
      if (failed?.status === "rejected") throw leftovers(identity.launchId, failed.reason);
    },
  };
}

/**
 * Leaving the network, with its published ports, is most of a container's removal, and removing the network takes longer
 * still: they leave first, and then everything goes at once. What cannot leave early goes as it always did.
 */
async function leaveEarly(network: Dockerode.Network, containers: readonly Dockerode.Container[]): Promise<void> {
  await Promise.allSettled(containers.map(async ({ id }) => network.disconnect({ Container: id, Force: true })));
}

function leftovers(launchId: string, reason: unknown): LemError {
  return new LemError(
    "LEFTOVERS",
    `the engine could not remove everything of launch ${launchId}: ${messageOf(reason)}`,
    {
      hint: `docker ps -a --filter label=lem.launch=${launchId} shows what is left; the next start of lem removes it`,
      cause: reason,
    },
  );
}

async function create(docker: Dockerode, spec: UnitSpec, placement: Promise<Placement>): Promise<Dockerode.Container> {
  const options = containerOptions(spec, await placement);
  try {
    return await docker.createContainer(options);
  } catch (error) {
    throw startProblem(error, spec.image);
  }
}
