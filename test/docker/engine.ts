import Dockerode from "dockerode";

export const docker = new Dockerode();

/** The first two GPUs of the simulated host. */
export const [gpu0, gpu1] = [
  "GPU-5111e7ed-0000-4000-8000-000000000000",
  "GPU-5111e7ed-0000-4000-8000-000000000001",
] as const;

/** Containers and networks with a label, by name. */
export async function labelled(label: string): Promise<string[]> {
  const filters = { label: [label] };
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return [...containers.map(({ Names }) => Names[0] ?? ""), ...networks.map(({ Name }) => Name)];
}
