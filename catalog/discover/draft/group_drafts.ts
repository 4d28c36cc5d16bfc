/** Files that are found one by one, put together to granules by what their names have in common. */
import { inputError } from "../../../core/errors.ts";
import { keyOf } from "../../../core/keys.ts";
import { Pattern } from "../../../core/patterns/pattern.ts";
import type { GranuleAsset, GranuleRow } from "../../granule.ts";
import { type Draft, namesAreSound } from "./draft.ts";
import type { Tally } from "./tally.ts";

/** All files of a list are held until its end: the files of a granule may lie far apart in it. */
const MOST_FILES = 1_000_000;

/**
 * What a name says of its granule's id: the group `id` of the pattern, else its first group, else the match.
 * Throws an input error that begins with `what` for what is no pattern.
 */
export function idReader(pattern: string, what: string): (name: string) => string | null {
  let compiled: Pattern;
  try {
    compiled = new Pattern(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw inputError(`${what}: "${pattern}" ${error.message}`);
  }
  return (name) => {
    const found = compiled.exec(name);
    if (found === null) return null;
    return found.named.id ?? found.groups.find((group) => group !== undefined && group !== "") ?? found.text;
  };
}

/**
 * Drafts of a file each as drafts of granules, in the order in which each was first met; every file is an
 * asset by its name. A file whose name tells no id is set aside.
 */
export async function* groupDrafts(
  drafts: AsyncIterable<Draft>,
  idOf: (name: string) => string | null,
  tally: Tally,
): AsyncGenerator<Draft> {
  const groups = new Map<string, Draft["row"][]>();
  let files = 0;
  for await (const { row } of drafts) {
    const id = idOf(row.id);
    if (id === null || !namesAreSound({ id, collection: row.collection, provider: row.provider }, tally)) {
      if (id === null) tally.add("granule", "name that tells no id", row.id);
      continue;
    }
    if (++files > MOST_FILES) {
      throw inputError(
        `more than ${MOST_FILES} files to be grouped by their ids (list a part of them, by prefixes)`,
      );
    }
    const key = `${row.collection}\n${id}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  for (const [key, rows] of groups) {
    groups.delete(key);
    yield { extent: null, row: joined(key.slice(key.indexOf("\n") + 1), rows) };
  }
}

function joined(id: string, rows: readonly Draft["row"][]): Draft["row"] {
  const ordered = [...rows].sort((a, b) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  const [first] = ordered;
  const starts = times(ordered, "start_datetime");
  const ends = times(ordered, "end_datetime");
  const etags = ordered.map(({ properties }) => properties.etag ?? properties.last_modified ?? null);
  return {
    ...first,
    id,
    start_datetime: starts.length === 0 ? null : Math.min(...starts),
    end_datetime: ends.length === 0 ? null : Math.max(...ends),
    size_bytes: null,
    checksum: null,
    assets: ordered.map((row) => assetOf(row, first)),
    // The files' tags together: another of any of them is another granule.
    properties: { files: ordered.length, etag: keyOf(etags) },
  };
}

function times(rows: readonly Draft["row"][], name: "start_datetime" | "end_datetime"): number[] {
  return rows.map((row) => row[name]).filter((time) => time !== null);
}

function assetOf(row: Draft["row"], first: Draft["row"]): GranuleAsset {
  const same = row.s3_base === first.s3_base && row.local_base === first.local_base;
  const href = (base: GranuleRow["s3_base"]) => same || base === null ? null : base + row.path;
  return {
    key: row.id,
    path: row.path,
    media_type: null,
    size_bytes: row.size_bytes,
    checksum: row.checksum,
    s3_href: href(row.s3_base),
    https_href: null,
    local_href: href(row.local_base),
    s3_credentials: row.s3_credentials,
  };
}
