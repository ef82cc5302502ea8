import type Dockerode from "dockerode";

/**
 * Paths as the engine's host sees them. A controller that runs in a container itself sees its mounts under other names,
 * and the engine knows only the host's.
 */
export async function hostPaths(
  docker: Dockerode,
  ownContainer: string | undefined,
): Promise<(path: string) => string> {
  if (ownContainer === undefined) return (path) => path;
  const { Mounts: mounts } = await docker.getContainer(ownContainer).inspect();
  const longestFirst = mounts.toSorted((a, b) => b.Destination.length - a.Destination.length);
  return (path) => {
    const mount = longestFirst.find(({ Destination }) => path === Destination || path.startsWith(`${Destination}/`));
    return mount === undefined ? path : mount.Source + path.slice(mount.Destination.length);
  };
}
