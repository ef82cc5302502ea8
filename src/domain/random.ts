/** Draws uniform integers of 32 bits. */
export type Random = () => number;

/**
 * splitmix32: small, of full period, and equal in every language that has 32-bit integers. For orders and prompts, not
 * for secrets. Constants of the finaliser: MurmurHash3 (Austin Appleby).
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

/** An integer in [0, bound), without the bias of a plain remainder. */
export function below(bound: number, random: Random): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let draw = random();
  while (draw >= limit) draw = random();
  return draw % bound;
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keyed = [...items];
  for (let last = keyed.length - 1; last > 0; last--) {
    const pick = below(last + 1, random);
    const [a, b] = [keyed[last], keyed[pick]];
    if (a !== undefined && b !== undefined) [keyed[last], keyed[pick]] = [b, a];
  }
  return keyed;
}
