/** Time. Durations come from the monotonic clock only. */
export interface Clock {
  /** CLOCK_MONOTONIC in nanoseconds, shared by all processes and containers of this host. */
  monotonicNs(): bigint;
  wallTime(): Date;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
