/** The right to use GPUs, shared by all controllers of this host. */
export interface GpuLeases {
  /** Takes all of the GPUs or none; rejects with GPU_BUSY and the owner when one is taken. */
  acquire(uuids: readonly string[], owner: string): Promise<AsyncDisposable>;
}
