import { arch, cpus, platform, release, totalmem } from "node:os";
import type { Environment } from "../../../schema/result.js";

/** What is known about this host without asking anybody. No host name: results are published. */
export function hostEnvironment(): Omit<Environment, "gpus"> {
  const processors = cpus();
  return {
    os: `${platform()} ${release()} ${arch()}`,
    cpu_model: processors[0]?.model.trim() ?? "unknown",
    cpu_count: Math.max(1, processors.length),
    memory_bytes: totalmem(),
    node: process.version,
  };
}
