import type { ClockReading } from "../../schema/wire.js";

/**
 * CLOCK_MONOTONIC in nanoseconds. libuv reads exactly this clock for `process.hrtime`, so the times of all programs and
 * containers of one host (without a time namespace) can be compared.
 */
export const monotonicNs = (): bigint => process.hrtime.bigint();

/** The same as it stands in messages. */
export const monotonicText = (): string => String(monotonicNs());

/** Body of GET /v1/clock. */
export const readClock = (): ClockReading => ({ t_ns: monotonicText() });
