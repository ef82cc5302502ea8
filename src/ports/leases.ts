export interface LeaseRequest {
  /** Who asks, for the messages of those who wait. */
  readonly holder: string;
  readonly signal: AbortSignal;
  /** Called when a lease that was given is lost while it is held. */
  readonly onLost: (error: Error) => void;
}

/** The right to use GPUs, shared by all controllers of this host. */
export interface GpuLeases {
  /** Takes all of the GPUs or none; waits for a while, then rejects with GPU_BUSY and the holder of the one that is taken. */
  acquire(uuids: readonly string[], request: LeaseRequest): Promise<AsyncDisposable>;
}
