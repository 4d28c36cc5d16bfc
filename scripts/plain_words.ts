/**
 * Words that names and texts of the code do not use, each with the one that stands in its place: docs and
 * messages say a thing by one word, the field's. Comments and tests are left to their readers.
 */
import fs from "node:fs";
import path from "node:path";
import { withoutComments } from "./modules.ts";

const INSTEAD: Readonly<Record<string, string>> = {
  anew: "again",
  hoard: "keep",
  judge: "check",
  judged: "checked",
  lacks: "missing",
  lane: "slot",
  lanes: "slots",
  mend: "repair",
  mended: "repaired",
  mends: "repairs",
  piece: "task, chunk or part",
  pieces: "tasks, chunks or parts",
  seal: "finish",
  sealed: "finished",
  shelf: "a name for what it holds",
  told: "reported",
  twin: "copy or variant",
  twins: "copies or variants",
  unseal: "decode",
  untold: "unreported",
  whoever: "the caller, holder or reader",
};

/** Names of formats that earlier versions wrote, and packed tables, whose letters are no words. */
const EXCEPT: Readonly<Record<string, readonly string[]>> = {
  "aggregate/run_directory/shard_records.ts": ["lacks"],
  "scripts/plain_words.ts": Object.keys(INSTEAD),
};

/** A line past this is data, such as a packed table. */
const MOST_LINE_LENGTH = 400;

/** @returns faults of the modules below `root`, as `file:line: what` */
export function wordFaults(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const allowed = EXCEPT[file] ?? [];
    const named = wordsOf(file).filter((word) => Object.hasOwn(INSTEAD, word) && !allowed.includes(word));
    const code = withoutComments(fs.readFileSync(path.join(root, file), "utf8"));
    return [
      ...named.map((word) => `${file}: its name says "${word}" (wanted ${INSTEAD[word]})`),
      ...code.split("\n").flatMap((line, index) =>
        line.length > MOST_LINE_LENGTH ? [] : wordsOf(line)
          .filter((word) => Object.hasOwn(INSTEAD, word) && !allowed.includes(word))
          .map((word) => `${file}:${index + 1}: says "${word}" (wanted ${INSTEAD[word]})`)
      ),
    ];
  });
}

/** The words of names and texts: `putChunks` and `PUT_CHUNKS` are put and chunks. */
function wordsOf(line: string): string[] {
  return (line.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
}
