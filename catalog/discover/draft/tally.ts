/**
 * What was set aside while rows were made, and why: nothing is dropped in silence. A tally is written
 * into the catalog's metadata beside the query that it belongs to, and `catalog info` shows it.
 */
import { asInteger, asObject } from "../../../core/json_value.ts";
import type { SetAside } from "../../schema.ts";

/**
 * - `granule`: a granule that gave no row
 * - `link`: a link or file of a granule that is no data asset
 * - `note`: something that the row is without (its footprint, a checksum that could not be read)
 */
type TallyKind = "granule" | "link" | "note";

const PLURAL = { granule: "granules", link: "links", note: "notes" } as const;
const EXAMPLES_KEPT = 3;
const EXAMPLE_LENGTH = 200;
/** Reasons are ours and few; types from outside are part of some, so their number is bounded. */
const REASONS_KEPT = 64;
const OTHER = "other reasons";

/** Counts by kind and reason. */
export class Tally {
  readonly #counts: Record<TallyKind, Map<string, number>> = {
    granule: new Map(),
    link: new Map(),
    note: new Map(),
  };
  readonly #examples = new Map<string, string[]>();

  /** One more `kind` for `reason`; `example` names it. */
  add(kind: TallyKind, reason: string, example?: string | null, count = 1): void {
    const counts = this.#counts[kind];
    const key = counts.has(reason) || counts.size < REASONS_KEPT ? reason : OTHER;
    counts.set(key, (counts.get(key) ?? 0) + count);
    if (example === undefined || example === null) return;
    const examples = this.#examples.get(key) ?? [];
    if (examples.length < EXAMPLES_KEPT) examples.push(example.slice(0, EXAMPLE_LENGTH));
    this.#examples.set(key, examples);
  }

  /** How many of `kind`, for one reason or for all. */
  count(kind: TallyKind, reason?: string): number {
    if (reason !== undefined) return this.#counts[kind].get(reason) ?? 0;
    let total = 0;
    for (const count of this.#counts[kind].values()) total += count;
    return total;
  }

  /** Adds another tally, or one that was saved with `toJSON`. Members of wrong kinds are ignored. */
  merge(other: unknown): void {
    const record = asObject(other instanceof Tally ? other.toJSON() : other);
    const examples = asObject(record?.examples) ?? {};
    for (const kind of ["granule", "link", "note"] as const) {
      for (const [reason, value] of Object.entries(asObject(record?.[PLURAL[kind]]) ?? {})) {
        const count = asInteger(value);
        if (count !== null && count > 0) this.add(kind, reason, null, count);
      }
    }
    for (const [reason, names] of Object.entries(examples)) {
      if (!Array.isArray(names)) continue;
      const kept = this.#examples.get(reason) ?? [];
      for (const name of names) {
        if (typeof name === "string" && kept.length < EXAMPLES_KEPT && !kept.includes(name)) kept.push(name);
      }
      if (kept.length > 0) this.#examples.set(reason, kept);
    }
  }

  /** As it stands in a catalog. */
  toJSON(): SetAside {
    const sorted = (map: Map<string, number>) =>
      Object.fromEntries([...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
    return {
      granules: sorted(this.#counts.granule),
      links: sorted(this.#counts.link),
      notes: sorted(this.#counts.note),
      examples: Object.fromEntries(this.#examples),
    };
  }

  /** One line a reason, for people: `12 granules set aside: no data link (G1-X, G2-X, …)`. */
  lines(kinds: readonly TallyKind[] = ["granule", "link", "note"]): string[] {
    const lines: string[] = [];
    for (const kind of kinds) {
      for (const [reason, count] of this.#counts[kind]) {
        const noun = kind === "note" ? "granule" : kind;
        const what = kind === "note" ? "" : " set aside";
        const examples = kind === "link" ? [] : this.#examples.get(reason) ?? [];
        const more = examples.length < count ? ", …" : "";
        const names = examples.length === 0 ? "" : ` (${examples.map(printable).join(", ")}${more})`;
        lines.push(`${count} ${noun}${count === 1 ? "" : "s"}${what}: ${reason}${names}`);
      }
    }
    return lines;
  }
}

/** Control characters of names from outside never reach a terminal. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/g, "\uFFFD");
}
