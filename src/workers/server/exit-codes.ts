/** Exit codes of workers and sidecars; the numbers of sysexits.h where one fits. */
export const exitCodes = {
  /** The engine or its model could not be loaded. */
  loadFailed: 70,
  /** A GPU that was asked for is not visible. */
  gpuNotVisible: 71,
  /** No usable NVML on this host. */
  noNvml: 72,
  /** The address to listen on is taken or not ours. */
  cannotListen: 73,
  /** The environment variables given by the controller make no sense. */
  badEnvironment: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the program with one line on stderr that says why. */
export function exitWith(code: ExitCode, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
