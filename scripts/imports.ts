/** What a module imports, read from its text: comments are passed over, strings are kept. */
import fs from "node:fs";
import path from "node:path";

export interface Import {
  from: string;
  /** A path of the tree, or a package's name. */
  to: string;
  typeOnly: boolean;
}

export interface NamedImport {
  to: string;
  /** Names as the other module exports them; `*` for all of them. */
  names: string[];
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?[^"';]*?from\s*"([^"]+)"|^\s*import\s*"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;
const CLAUSE = /^\s*(?:import|export)\s+(?:type\s+)?([^"';]*?)\s*from\s*"(\.[^"]+)"/gm;
const DYNAMIC_NAMED = /(?:const\s*\{([^}]*)\}\s*=\s*await\s+)?import\(\s*"(\.[^"]+)"/g;
const TYPE_OF = /\bimport\("(\.[^"]+)"\)\.(\w+)/g;

/** Every import of a module, dynamic ones included; relative ones as paths of the tree. */
export function importsOf(root: string, file: string): Import[] {
  const code = codeOf(root, file);
  const found: Import[] = [];
  for (const match of code.matchAll(IMPORT)) {
    found.push({ from: file, to: resolved(file, match[2] ?? match[3]), typeOnly: match[1] !== undefined });
  }
  for (const match of code.matchAll(DYNAMIC)) {
    found.push({ from: file, to: resolved(file, match[1]), typeOnly: false });
  }
  return found;
}

/** Names that a module takes from others of the tree. */
export function namedImports(root: string, file: string): NamedImport[] {
  const code = codeOf(root, file);
  const found: NamedImport[] = [];
  for (const [, clause, target] of code.matchAll(CLAUSE)) {
    const names = /\{([^}]*)\}/.exec(clause);
    found.push({ to: resolved(file, target), names: names === null ? ["*"] : listed(names[1]) });
  }
  for (const [, names, target] of code.matchAll(DYNAMIC_NAMED)) {
    found.push({ to: resolved(file, target), names: names === undefined ? ["*"] : listed(names) });
  }
  for (const [, target, name] of code.matchAll(TYPE_OF)) {
    found.push({ to: resolved(file, target), names: [name] });
  }
  return found;
}

/** `type A, b as c` or `a: b` to the names that are exported. */
function listed(names: string): string[] {
  return names.split(",").map((name) => name.trim().replace(/^type\s+/, "").split(/\s+as\s+|\s*:\s*/)[0])
    .filter((name) => name !== "");
}

function resolved(file: string, target: string): string {
  return target.startsWith(".")
    ? path.posix.normalize(path.posix.join(path.posix.dirname(file), target))
    : target;
}

/** The module's text without comments. */
export function codeOf(root: string, file: string): string {
  return withoutComments(fs.readFileSync(path.join(root, file), "utf8"));
}

/** Comments blanked; strings stay, so a `//` within one (an URL) is kept with what precedes it. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, string) => string ?? "",
  );
}
