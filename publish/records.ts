/** What a run remembers of each granule and of what each target received. */
import type { StacItem } from "../core/stac/values.ts";
import type { GoneItem } from "./targets/target.ts";

export const CONVERT_RECORDS = "convert/";
export const OUTBOX = "outbox/";
export const REGISTER_RECORDS = "register/";

export const convertKey = (name: string): string => `${CONVERT_RECORDS}${name}.json`;
/** Items of one state of a granule: those of a conversion that did not end never stand for another's. */
export const outboxKey = (name: string, itemsHash: string): string => `${OUTBOX}${name}-${itemsHash}.json`;

/** A file that was put, below the dataset's output. */
export interface OutputFile {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The state of a granule of which files and items are in their places. */
export interface Done {
  readonly identity: string;
  readonly config: string;
  /** Of the granule's first item, ISO 8601; stays through revisions. */
  readonly created: string;
  /** Of the last change of its items. */
  readonly updated: string;
  readonly outputs: readonly OutputFile[];
  readonly items: readonly GoneItem[];
  /** A hash of the items: that of what a target received is compared with it. */
  readonly itemsHash: string;
  /** Items and files of before that are no longer part of it. */
  readonly gone: { readonly items: readonly GoneItem[]; readonly outputs: readonly string[] };
}

/** A try that failed. */
export interface Failure {
  readonly identity: string;
  readonly config: string;
  /** The plan that it was a part of. */
  readonly plan: string;
  readonly reason: string;
  /** No other try of the same granule can end otherwise. */
  readonly permanent: boolean;
  readonly tries: number;
  /** ISO 8601. */
  readonly first: string;
  readonly last: string;
}

export interface ConvertRecord {
  readonly kind: "convert";
  readonly collection: string;
  readonly id: string;
  /** Null before the first success. What is done stays announced while a new revision fails. */
  readonly done: Done | null;
  /** Beside what is done under the same plan: a variable that could not be read. */
  readonly failure: Failure | null;
  /** Files of what is done were being replaced when this was written: it is converted again. */
  readonly replacing?: boolean;
  readonly notes: readonly string[];
}

/** A granule's items on their way: hrefs are keys below the output. */
export interface Outbox {
  readonly kind: "outbox";
  readonly id: string;
  readonly itemsHash: string;
  readonly items: readonly StacItem[];
}

/** What one target received in one go. */
export interface RegisterRecord {
  readonly kind: "register";
  readonly granules: readonly {
    readonly name: string;
    readonly itemsHash: string;
    readonly refused: readonly { readonly id: string; readonly reason: string }[];
  }[];
  /** ISO 8601. */
  readonly at: string;
}
