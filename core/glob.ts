/** Globs of names, as DuckDB's GLOB reads them: `*` (slashes too), `?` and `[…]`. */

/** Whether `text` matches `glob` whole. Letters count as they are written. */
export function globMatches(glob: string, text: string): boolean {
  return compileGlob(glob)(text);
}

/** One place of a glob: any run of characters, or a test of one. */
type Part = "run" | ((unit: string) => boolean);

/** The test that a glob is. Its time grows with the glob's length times the text's, whatever they hold. */
export function compileGlob(glob: string): (text: string) => boolean {
  const parts = partsOf(glob);
  return (text) => {
    let [part, at] = [0, 0];
    // Where the last run began: only it is ever made longer.
    let [run, end] = [-1, 0];
    while (at < text.length) {
      const test = parts[part];
      if (test === "run") {
        run = part++;
        end = at;
      } else if (test !== undefined && test(text[at])) {
        part += 1;
        at += 1;
      } else if (run >= 0) {
        part = run + 1;
        at = ++end;
      } else return false;
    }
    while (parts[part] === "run") part += 1;
    return part === parts.length;
  };
}

function partsOf(glob: string): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < glob.length; i++) {
    const unit = glob[i];
    const end = unit === "[" ? glob.indexOf("]", i + 2) : -1;
    if (unit === "*") {
      if (parts.at(-1) !== "run") parts.push("run");
    } else if (unit === "?") parts.push(() => true);
    else if (end > 0) {
      parts.push(oneOf(glob.slice(i + 1, end)));
      i = end;
    } else parts.push((other) => other === unit);
  }
  return parts;
}

/** `a-z0` or `!a-z0`: one character of these, or of none of these. */
function oneOf(inner: string): (unit: string) => boolean {
  const negated = inner.startsWith("!");
  const units = negated ? inner.slice(1) : inner;
  const ranges: [string, string][] = [];
  for (let i = 0; i < units.length; i++) {
    if (units[i + 1] === "-" && i + 2 < units.length) {
      ranges.push([units[i], units[i + 2]]);
      i += 2;
    } else ranges.push([units[i], units[i]]);
  }
  return (unit) => ranges.some(([from, to]) => unit >= from && unit <= to) !== negated;
}
