/**
 * Exact order statistics of more numbers than memory holds, in a few passes over them: by radix, 16 bits
 * of an order-preserving key at a time, until the candidates fit (Munro and Paterson, 1980, give the idea).
 */

/** Numbers without NaN, in chunks; asked for again for every pass. A chunk may change when the next is asked for. */
type NumberPasses = () => AsyncIterable<Float64Array>;

/** So many candidates are held at once: 16 MB. */
const MOST_HELD = 2_097_152;

const BITS = 16;
const ROUNDS = 64 / BITS;

interface Band {
  /** The leading digits that all its numbers have. */
  prefix: string;
  /** Ranks that are looked for in it, counted from its own first number. */
  ranks: { rank: number; index: number }[];
  count: number;
}

/**
 * The numbers at `ranks` (0 is the least) of `count` numbers. `mostHeld` bounds what is held at once, in
 * numbers; beside that a histogram of 65,536 for each band that is still too wide.
 */
export async function numbersAtRanks(
  passes: NumberPasses,
  count: number,
  ranks: readonly number[],
  mostHeld: number = MOST_HELD,
): Promise<Float64Array> {
  const found = new Float64Array(ranks.length);
  let bands: Band[] = [{ prefix: "", ranks: ranks.map((rank, index) => ({ rank, index })), count }];
  for (let round = 0; bands.length > 0; round++) {
    const held = new Map<string, Float64Array>();
    const counts = new Map<string, Float64Array>();
    let room = mostHeld;
    for (const { prefix, count } of bands) {
      // Of numbers that are alike in all digits one is enough.
      const wanted = round === ROUNDS ? 1 : count;
      if (wanted <= room || round === ROUNDS) {
        held.set(prefix, new Float64Array(wanted));
        room -= wanted;
      } else counts.set(prefix, new Float64Array(1 << BITS));
    }
    await scan(passes, round, held, counts);
    const next: Band[] = [];
    for (const band of bands) {
      const numbers = held.get(band.prefix);
      if (numbers !== undefined) {
        numbers.sort();
        for (const { rank, index } of band.ranks) found[index] = numbers[Math.min(rank, numbers.length - 1)];
      } else next.push(...narrower(band, counts.get(band.prefix)!));
    }
    bands = next;
  }
  return found;
}

async function scan(
  passes: NumberPasses,
  round: number,
  held: ReadonlyMap<string, Float64Array>,
  counts: ReadonlyMap<string, Float64Array>,
): Promise<void> {
  const filled = new Map([...held.keys()].map((prefix) => [prefix, 0]));
  for await (const chunk of passes()) {
    const words = new Uint32Array(chunk.buffer, chunk.byteOffset, 2 * chunk.length);
    for (let i = 0; i < chunk.length; i++) {
      const prefix = round === 0 ? "" : prefixOf(words, i, round);
      const histogram = counts.get(prefix);
      if (histogram !== undefined) histogram[digitOf(words, i, round)] += 1;
      else {
        const numbers = held.get(prefix);
        if (numbers === undefined) continue;
        const at = filled.get(prefix)!;
        if (at < numbers.length) numbers[at] = chunk[i];
        filled.set(prefix, at + 1);
      }
    }
  }
}

/** The bands of the next digit in which ranks of a band lie. */
function narrower({ prefix, ranks }: Band, histogram: Float64Array): Band[] {
  const bands: Band[] = [];
  let before = 0;
  histogram.forEach((count, digit) => {
    const within = ranks.filter(({ rank }) => rank >= before && rank < before + count);
    if (within.length > 0) {
      bands.push({
        prefix: prefix + String.fromCharCode(digit),
        ranks: within.map(({ rank, index }) => ({ rank: rank - before, index })),
        count,
      });
    }
    before += count;
  });
  return bands;
}

function prefixOf(words: Uint32Array, i: number, digits: number): string {
  let prefix = "";
  for (let d = 0; d < digits; d++) prefix += String.fromCharCode(digitOf(words, i, d));
  return prefix;
}

/** Digit `d` of the key of number `i`: its bits, the sign turned, all turned below zero, so that keys ascend. */
function digitOf(words: Uint32Array, i: number, d: number): number {
  const high = words[2 * i + 1];
  const word = d < 2 ? high : words[2 * i];
  const turned = high >>> 31 === 1 ? ~word : d < 2 ? word ^ 0x80000000 : word;
  return d % 2 === 0 ? turned >>> BITS : turned & 0xffff;
}
