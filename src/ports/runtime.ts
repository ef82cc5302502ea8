export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** One program to start, in words that a container engine and a plain process both understand. */
export interface UnitSpec {
  readonly role: "backend" | "sidecar";
  /** Container image; without meaning in runtime `process`. */
  readonly image: string;
  /** Arguments for the image's entrypoint, or program and arguments in runtime `process`. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Environment that is handed over but never logged, labelled or stored. */
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** UUIDs, or `all` for a look at the host. */
  readonly gpus: readonly string[] | "all";
  readonly gpuDriver: "nvidia" | "cdi";
  /** Port that the program listens on; runtime `process` picks one and says it in `LEM_PORT`. */
  readonly port: number;
  /**
   * Ports of units, prepared later on the same site, that share this unit's network stack, which lasts as long as this
   * unit runs: setting one up and taking it down is most of what a container costs. Without meaning in runtime `process`.
   */
  readonly guestPorts?: readonly number[];
  readonly shmBytes?: number;
  readonly memoryBytes?: number;
  /** Time from SIGTERM to SIGKILL; 0 for a program that has nothing to finish. */
  readonly stopGraceMs: number;
}

export interface UnitExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** True when the kernel killed something inside for memory, whatever the exit code says. */
  readonly outOfMemory: boolean;
}

/** A started program. Disposing of it stops and removes it. */
export interface Unit extends AsyncDisposable {
  readonly id: string;
  /** `http://127.0.0.1:PORT` */
  readonly baseUrl: string;
  readonly image: string;
  /** Digest of the image's content; none in runtime `process`. */
  readonly imageDigest: string | undefined;
  /** Resolves when the program ends, for whatever reason; never rejects. */
  readonly exited: Promise<UnitExit>;
  /** Time of the last output on the monotonic clock; a silent start is a hanging start. */
  lastOutputNs(): bigint;
  logTail(): string;
  /** Runs a short command beside the program; rejects where that is impossible. */
  exec(command: readonly string[], signal: AbortSignal): Promise<{ readonly code: number; readonly stdout: string }>;
  /** SIGTERM, the grace of the spec, SIGKILL, removal. Safe to call twice. */
  stop(): Promise<UnitExit>;
}

/**
 * Everything that belongs to one launch, on a private network where the runtime has such a thing. Disposing of it stops
 * and removes all its units, also those that are just being made.
 */
export interface LaunchSite extends AsyncDisposable {
  /** Makes the unit ready to start without starting it, to save time while something else is measured. */
  prepare(spec: UnitSpec, signal: AbortSignal): Promise<PreparedUnit>;
}

export interface PreparedUnit {
  start(signal: AbortSignal): Promise<Unit>;
}

export interface LaunchIdentity {
  readonly campaignId: string;
  readonly launchId: string;
  /** Whether a unit has to reach the world outside, to fetch a model. Otherwise nothing that it sends gets an answer. */
  readonly outgoing: boolean;
}

export interface RuntimeDescription {
  readonly name: "docker" | "process";
  readonly version: string;
  readonly details: Readonly<Record<string, string>>;
}

/** How programs are started: containers or child processes. */
export interface Runtime {
  /** Rejects with DOCKER_UNREACHABLE and the like when the runtime cannot be used at all. */
  describe(signal: AbortSignal): Promise<RuntimeDescription>;
  /** Digest of an image that is present, or undefined. */
  imageDigest(image: string, signal: AbortSignal): Promise<string | undefined>;
  /** Removes what dead controllers left behind; returns what was removed. Never touches anything else. */
  sweep(signal: AbortSignal): Promise<readonly string[]>;
  openSite(identity: LaunchIdentity, signal: AbortSignal): Promise<LaunchSite>;
}
