/** Random numbers that repeat for a seed: the same seed gives the same numbers everywhere. */

/** A well-mixed 32-bit number from any few integers (murmur3's finalizer). */
export function mix(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** Uniform numbers in [0, 1), one after the other (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Normal numbers of mean 0 and deviation 1 (Box and Muller). */
export function createNormal(uniform: () => number): () => number {
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Smooth noise in [0, 1] along a line, with about one bump a unit of `position`. */
export function smoothNoise(seed: number, position: number): number {
  const cell = Math.floor(position);
  const t = position - cell;
  const weight = t * t * (3 - 2 * t);
  const left = mix(seed, cell) / 4294967296, right = mix(seed, cell + 1) / 4294967296;
  return left + (right - left) * weight;
}
