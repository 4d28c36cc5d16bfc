/** Files of grids as they are named on a command line, with the variables that are wanted of each. */
import fs from "node:fs";
import { inputError, systemCode } from "../../core/errors.ts";
import { placeFor, READS_ANYWHERE } from "../../core/files/address.ts";

export interface GridInput {
  /** A path or an address. */
  readonly place: string;
  /** Globs; undefined for all variables. */
  readonly variables: readonly string[] | undefined;
}

/** A list of more names than this is none that a person meant. */
const MOST_LIST_BYTES = 256 * 1024 * 1024;

/**
 * `FILE`, `FILE:VARIABLE`, `@LIST` and `-` (lists with a name a line) as files in the order of their first
 * naming, each once. `variables` are wanted of files that name none of their own.
 */
export function gridInputs(named: readonly string[], variables: readonly string[] | undefined): GridInput[] {
  const found = new Map<string, Set<string> | undefined>();
  for (const word of named.flatMap(listed)) {
    const { place: named, variable } = splitVariable(word);
    const place = placeFor(named, READS_ANYWHERE);
    const wanted = variable === undefined ? variables : [variable];
    const before = found.get(place);
    // A file named without a variable stands for all of its variables.
    if (wanted === undefined || (found.has(place) && before === undefined)) found.set(place, undefined);
    else found.set(place, new Set([...before ?? [], ...wanted]));
  }
  if (found.size === 0) throw inputError("no file is named (wanted files, @list, or - with names on stdin)");
  return [...found].map(([place, wanted]) => ({ place, variables: wanted && [...wanted] }));
}

function listed(word: string): string[] {
  if (word !== "-" && !word.startsWith("@")) return [word];
  const name = word === "-" ? "stdin" : word.slice(1);
  let text: string;
  try {
    if (word !== "-" && fs.statSync(name).size > MOST_LIST_BYTES) {
      throw inputError(`${name}: is longer than ${MOST_LIST_BYTES} bytes, which no list of files is`);
    }
    text = fs.readFileSync(word === "-" ? 0 : name, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const reasons: Record<string, string> = { ENOENT: "there is no such file", EISDIR: "it is a folder" };
    throw inputError(`${name}: cannot be read as a list of files: ${reasons[code] ?? code}`);
  }
  return text.split(/\r?\n/).map((line) => line.trim()).filter((line) =>
    line !== "" && !line.startsWith("#")
  );
}

/**
 * A name and the variable behind its last colon. A colon is part of the name where a file is called so, where
 * it stands in the host of an address, and where what is before it has no ending as files have.
 */
export function splitVariable(word: string): { place: string; variable: string | undefined } {
  const whole = { place: word, variable: undefined };
  const scheme = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(word)?.[0].length ?? 0;
  if (scheme === 0 && fs.existsSync(word)) return whole;
  const match = /^([^?#]*\.[A-Za-z0-9]{1,6}(?:\?[^:]*)?):([^:]+)$/.exec(word.slice(scheme));
  if (match === null) return whole;
  return { place: word.slice(0, scheme) + match[1], variable: match[2] };
}
