/** The right to use GPUs, shared by all controllers of this host. */
export interface GpuLeases {
  /** Takes all of the GPUs or none; waits for a while, then rejects with GPU_BUSY and the holder of the one that is taken. */
  acquire(uuids: readonly string[], holder: string, signal: AbortSignal): Promise<AsyncDisposable>;
}
