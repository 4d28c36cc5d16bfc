/** Globs of collections, as DuckDB's GLOB reads them: `*`, `?` and `[…]`. */

/** Whether `text` matches `glob` whole. Letters count as they are written. */
export function globMatches(glob: string, text: string): boolean {
  return compileGlob(glob).test(text);
}

function compileGlob(glob: string): RegExp {
  let pattern = "";
  for (let i = 0; i < glob.length; i++) {
    const unit = glob[i];
    if (unit === "*") pattern += "[^]*";
    else if (unit === "?") pattern += "[^]";
    else if (unit === "[" && glob.indexOf("]", i + 2) > 0) {
      const end = glob.indexOf("]", i + 2);
      const inner = glob.slice(i + 1, end);
      const negated = inner.startsWith("!");
      pattern += `[${negated ? "^" : ""}${inner.slice(negated ? 1 : 0).replace(/[\\\]^]/g, "\\$&")}]`;
      i = end;
    } else pattern += unit.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }
  return new RegExp(`^(?:${pattern})$`);
}
