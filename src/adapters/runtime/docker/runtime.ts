import Dockerode from "dockerode";
import type { Runtime } from "../../../ports/runtime.js";
import { hostPaths } from "./host-paths.js";
import { currentOwner, formatOwner } from "../../owner/shared/owner.js";
import { statusOf, unreachable } from "./problems.js";
import { openSite } from "./site.js";
import { sweepOrphans } from "./sweep.js";

/** Backends as containers of the engine that DOCKER_HOST or the default socket names. */
export function dockerRuntime(): Runtime {
  const docker = new Dockerode();
  const self = currentOwner();
  let translation: Promise<(path: string) => string> | undefined;
  return {
    describe: async () => {
      const version = await docker.version().catch((error: unknown) => {
        throw unreachable(error);
      });
      return {
        name: "docker",
        version: version.Version,
        details: { api: version.ApiVersion, os: version.Os, arch: version.Arch },
      };
    },
    imageDigest: async (image) => {
      try {
        const { Id, RepoDigests } = await docker.getImage(image).inspect();
        return RepoDigests[0]?.split("@")[1] ?? Id;
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    },
    sweep: async () => sweepOrphans(docker, self),
    openSite: async (identity) => {
      const hostPath = await (translation ??= hostPaths(docker, self.container));
      return openSite({ docker, identity, owner: formatOwner(self), hostPath });
    },
  };
}
