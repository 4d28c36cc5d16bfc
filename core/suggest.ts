/** "Did you mean": the known name that is nearest to what was written. */

/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`; optimal string alignment. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2] + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/** The nearest of `known` to `found`, if it is near enough to be what was meant. */
export function nearest(found: string, known: readonly string[]): string | undefined {
  if (found.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(found.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(found.toLowerCase(), name.toLowerCase());
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

/** `; did you mean "x"?`, else the list of what exists, else nothing. */
export function suggestion(found: string, known: readonly string[]): string {
  const near = nearest(found, known);
  if (near !== undefined) return ` (did you mean "${near}"?)`;
  if (known.length === 0 || known.length > 40) return "";
  return ` (wanted one of ${known.join(", ")})`;
}
