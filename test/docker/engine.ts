import Dockerode from "dockerode";

export const docker = new Dockerode();

/** The first two GPUs of the simulated host. */
export const [gpu0, gpu1] = [
  "GPU-5111e7ed-0000-4000-8000-000000000000",
  "GPU-5111e7ed-0000-4000-8000-000000000001",
] as const;

/** Containers and networks with a label (`name` or `name=value`), by name. */
export async function labelled(label: string): Promise<string[]> {
  return (await find(label)).map(({ name }) => name);
}

/** Containers and networks of one controller: the owner's label holds its pid. */
export async function ownedBy(pid: number): Promise<string[]> {
  const owned = await find("lem.owner");
  return owned.filter(({ labels }) => labels["lem.owner"]?.split("/")[3] === String(pid)).map(({ name }) => name);
}

interface Found {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

async function find(label: string): Promise<Found[]> {
  const filters = { label: [label] };
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return [
    ...containers.map(({ Names, Labels }) => ({ name: Names[0] ?? "", labels: Labels })),
    ...networks.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} })),
  ];
}
