/** Paths with parameters: how the router, the parser of a segment and the API's description write them. */

export interface PathPattern {
  /** Whether a path is of this pattern, with its parameters as groups. */
  test: RegExp;
  names: readonly string[];
}

/**
 * `/tiles/{z}/{x}/{y}.{format}` as a pattern. A parameter takes as much of its segment as it can, so that of
 * `1.5.png` the format is `png`; `{rest*}` takes slashes.
 */
export function pathPattern(path: string): PathPattern {
  const names: string[] = [];
  const source = path.split(/(\{\w+\*?\})/).map((part) => {
    const name = /^\{(\w+)(\*?)\}$/.exec(part);
    if (name === null) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    names.push(name[1]);
    return name[2] === "*" ? "(.+)" : "([^/]+)";
  }).join("");
  return { test: new RegExp(`^${source}$`), names };
}

/** The parameters of a path, decoded; null where it is not of the pattern or no valid escape. */
export function pathValues(pattern: PathPattern, path: string): Record<string, string> | null {
  const match = pattern.test.exec(path);
  if (match === null) return null;
  try {
    return Object.fromEntries(pattern.names.map((name, i) => [name, decodeURIComponent(match[i + 1])]));
  } catch {
    return null; // a broken escape: no such path
  }
}
