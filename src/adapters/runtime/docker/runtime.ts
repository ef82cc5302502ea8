import Dockerode from "dockerode";
import type { Runtime } from "../../../ports/runtime.js";
import { hostPaths } from "./host-paths.js";
import { currentOwner, formatOwner } from "../../owner/shared/owner.js";
import { engineCall, readOnly, statusOf, unreachable } from "./problems.js";
import { openSite } from "./site.js";
import { sweepOrphans } from "./sweep.js";

/** Backends as containers of the engine that DOCKER_HOST or the default socket names. */
export function dockerRuntime(): Runtime {
  const docker = new Dockerode();
  const self = currentOwner();
  let translation: Promise<(path: string) => string> | undefined;
  return {
    describe: async (signal) => {
      const version = await readOnly(docker.version(), signal).catch((error: unknown) => {
        signal.throwIfAborted();
        throw unreachable(error);
      });
      return {
        name: "docker",
        version: version.Version,
        details: { api: version.ApiVersion, os: version.Os, arch: version.Arch },
      };
    },
    imageDigest: async (image, signal) => {
      try {
        return (await readOnly(docker.getImage(image).inspect(), signal)).Id;
      } catch (error) {
        signal.throwIfAborted();
        if (statusOf(error) === 404) return undefined;
        return engineCall(`inspect ${image}`, Promise.reject(error));
      }
    },
    sweep: async (signal) => engineCall("remove leftovers", sweepOrphans(docker, self, signal)),
    openSite: async (identity) => {
      const hostPath = await (translation ??= hostPaths(docker, self.container));
      return openSite({ docker, identity, owner: formatOwner(self), hostPath });
    },
  };
}
