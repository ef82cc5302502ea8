/**
 * The tick after `tick` on the grid `startMs + n * periodMs`. Always counted from the start, so that delays do not add
 * up. A tick that is late by less than half a period is still taken; others are left out, not made up for: a burst of
 * readings would be of no use to anybody, and a slow driver would get no rest.
 */
export function tickAfter(tick: number, sinceStartMs: number, periodMs: number): number {
  return Math.max(tick + 1, Math.round(sinceStartMs / periodMs));
}
