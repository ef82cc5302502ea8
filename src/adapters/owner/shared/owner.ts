import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which controller made something, precisely enough to tell later whether it still lives. */
export interface Owner {
  readonly machine: string;
  readonly boot: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot: tells it from a later process with the same pid. */
  readonly startTime: string;
  /** Id of the container that the controller itself runs in. */
  readonly container: string | undefined;
}

export function currentOwner(): Owner {
  return {
    machine: read("/etc/machine-id") ?? hostname(),
    boot: read("/proc/sys/kernel/random/boot_id") ?? "unknown",
    pidNamespace: link("/proc/self/ns/pid") ?? "unknown",
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? "unknown",
    container: ownContainerId(),
  };
}

export function formatOwner(owner: Owner): string {
  return [owner.machine, owner.boot, owner.pidNamespace, owner.pid, owner.startTime, owner.container ?? "-"].join("/");
}

export function parseOwner(text: string): Owner | undefined {
  const [machine, boot, pidNamespace, pid, startTime, container] = text.split("/");
  if (machine === undefined || boot === undefined || pidNamespace === undefined) return undefined;
  if (startTime === undefined || container === undefined || !/^\d+$/.test(pid ?? "")) return undefined;
  return {
    machine,
    boot,
    pidNamespace,
    pid: Number(pid),
    startTime,
    container: container === "-" ? undefined : container,
  };
}

/**
 * Whether an owner is certainly dead. A controller that cannot be seen from here (another machine on a shared engine,
 * another pid namespace) counts as alive. `containerRuns` tells whether a container still runs, and since when.
 */
export async function isDead(
  owner: Owner,
  self: Owner,
  containerRuns: (id: string) => Promise<boolean>,
): Promise<boolean> {
  if (owner.container !== undefined && owner.container !== self.container) {
    return !(await containerRuns(owner.container));
  }
  if (owner.container === undefined && owner.machine !== self.machine) return false;
  if (owner.boot !== self.boot) return true;
  if (owner.pidNamespace !== self.pidNamespace) return owner.container !== undefined; // our own container was restarted
  return startTimeOf(owner.pid) !== owner.startTime;
}

/** Field 22 of /proc/PID/stat; the command in field 2 may hold spaces and brackets, so it is cut off first. */
function startTimeOf(pid: number): string | undefined {
  const stat = read(`/proc/${String(pid)}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Docker mounts /etc/hostname from its folder of the container; the path names the container. */
function ownContainerId(): string | undefined {
  for (const line of (read("/proc/self/mountinfo") ?? "").split("\n")) {
    const [, , , root = "", mountPoint] = line.split(" ");
    const id = /\/containers\/([0-9a-f]{64})\//.exec(root)?.[1];
    if (mountPoint === "/etc/hostname" && id !== undefined) return id;
  }
  return undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path).replaceAll(/[^0-9]/g, "");
  } catch {
    return undefined;
  }
}
