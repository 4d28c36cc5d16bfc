/**
 * Follows a place that can only be listed: a folder, a bucket's prefix. It is listed once a poll; windows,
 * counts and pages are cut from the listing.
 */
import { GranaryError } from "../../core/errors.ts";
import type { FollowSource, Window } from "../follow/source.ts";
import type { Offer } from "../ledger/register.ts";

/** One file of a listing. */
export interface Listed {
  /** Its path below the place. */
  path: string;
  /** When it came or changed, milliseconds since 1970 UTC. */
  changed: number;
  sizeBytes: number;
}

interface ListedPlace<T extends Listed> {
  name: string;
  pageSize: number;
  /** What changed at `from` or later, milliseconds since 1970 UTC, and perhaps more. */
  list(from: number): Promise<T[]>;
  /** What the ledger is offered of each file, in the order given. */
  offers(files: readonly T[]): Promise<Offer[]>;
}

/** A listing is held in memory. */
const MOST_FILES = 5_000_000;

export function listedSource<T extends Listed>(place: ListedPlace<T>): FollowSource {
  let listing: { from: number; files: Promise<readonly T[]> } | undefined;
  const list = (from: number) => {
    if (listing === undefined || from < listing.from) listing = { from, files: read(place, from) };
    return listing.files;
  };
  const within = async ({ from, to }: Window) => {
    const files = await list(from);
    return files.slice(firstAt(files, from), firstAt(files, to));
  };
  return {
    pageSize: place.pageSize,
    now() {
      // A poll begins by asking the time.
      listing = undefined;
      return Promise.resolve(Date.now());
    },
    async count(window) {
      return (await within(window)).length;
    },
    async page(window, next) {
      const files = await within(window);
      const at = Number(next ?? 0);
      const end = at + place.pageSize;
      return {
        offers: await place.offers(files.slice(at, end)),
        next: end >= files.length ? null : String(end),
      };
    },
    async list(window) {
      return (await within(window)).map(({ path, changed }) => ({ sourceId: path, changed }));
    },
    async *offers(sourceIds) {
      const wanted = (await list(Infinity)).filter(({ path }) => sourceIds.has(path));
      for (let at = 0; at < wanted.length; at += place.pageSize) {
        yield await place.offers(wanted.slice(at, at + place.pageSize));
      }
    },
    async has(sourceId) {
      return (await list(Infinity)).some((file) => file.path === sourceId);
    },
  };
}

async function read<T extends Listed>({ name, list }: ListedPlace<T>, from: number): Promise<readonly T[]> {
  const files = await list(from);
  if (files.length > MOST_FILES) {
    throw new GranaryError("io", `${name}: more than ${MOST_FILES} files; follow a part of it`);
  }
  return files.sort((a, b) => a.changed - b.changed || (a.path < b.path ? -1 : 1));
}

/** The position of the first file that changed at `time` or later. */
function firstAt(files: readonly Listed[], time: number): number {
  let [low, high] = [0, files.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (files[middle].changed < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
