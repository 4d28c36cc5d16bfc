/** Datasets whose values lie in other files: what those are, for the refusal that names them. */
import { GranaryError } from "../../errors.ts";
import { type Cursor, decodeText, UNDEFINED, UnsupportedHdf5 } from "./cursor.ts";
import { GlobalHeap } from "./global_heap.ts";
import type { Layout } from "./messages.ts";
import { MESSAGE, type ObjectHeader } from "./object_header.ts";

/** A source of a virtual dataset. */
interface VirtualSource {
  readonly file: string;
  readonly path: string;
}

/** Sources that are read of one list; a message names a few. */
const MOST_SOURCES = 10_000;

/** The sources of a virtual dataset; null in place of those that could not be determined (section VII.C). */
function virtualSources(heap: GlobalHeap, address: number, object: number): (VirtualSource | null)[] {
  const list = heap.object(address, object);
  if (list.u8() !== 0) return [null];
  const count = list.length();
  const sources: (VirtualSource | null)[] = [];
  for (let i = 0; i < count; i += 1) {
    if (i === MOST_SOURCES) return [...sources, null];
    sources.push({ file: takeText(list), path: takeText(list) });
    if (!skipSelection(list) || !skipSelection(list)) return i + 1 < count ? [...sources, null] : sources;
  }
  return sources;
}

function takeText(cursor: Cursor): string {
  const end = cursor.rest.indexOf(0);
  if (end < 0) throw cursor.damage("has a name without an end");
  const text = decodeText(cursor.take(end));
  cursor.skip(1);
  return text;
}

/** Passes a serialized selection; false for kinds that do not state their length. */
function skipSelection(cursor: Cursor): boolean {
  const kind = cursor.u32();
  const version = cursor.u32();
  if (kind === 0 || kind === 3) cursor.skip(8);
  else if (kind === 2 && version === 1) cursor.skip(4).skip(cursor.u32());
  else if (kind === 2 && version === 2) cursor.skip(1).skip(cursor.u32());
  else if (kind === 2 && version === 3) {
    const regular = (cursor.u8() & 1) !== 0;
    const width = cursor.u8();
    const rank = cursor.u32();
    cursor.skip(regular ? 4 * rank * width : 2 * rank * width * cursor.uint(width));
  } else return false;
  return true;
}

/** The name of the first file of an external file list (section IV.A.2.h). */
function externalFile(message: Cursor): string {
  const { file } = message;
  message.version(1);
  message.skip(3 + 2);
  const used = message.u16();
  const heap = message.address();
  if (used === 0) return "another file";
  const offset = message.length();
  const head = file.at(heap, 8 + 2 * file.lengthSize + file.offsetSize, "local heap").signature("HEAP");
  head.skip(4);
  const size = head.length();
  head.length();
  const data = head.address();
  if (offset < 0 || offset >= size) throw head.damage(`has no name at ${offset}`);
  const name = decodeText(file.upTo(data + offset, Math.min(size - offset, 4096), "local heap").rest);
  return name + (used > 1 ? ` and ${used - 1} more` : "");
}

/** The refusal of a dataset whose values lie in other files. */
function outsideError(name: string, path: string, how: string, files: string): GranaryError {
  return new GranaryError(
    "granule",
    `${name}: the values of ${path} lie in ${files} (${how}; a granule's other files are not read: ` +
      `copy it whole with h5repack)`,
    { details: { name, path, files } },
  );
}

/** Throws where the values lie in other files; those of a virtual dataset over its own are left to libhdf5. */
export function checkInside(header: ObjectHeader, layout: Layout, path: string): void {
  const { file } = header;
  const external = header.message(MESSAGE.externalFiles, `external files of ${path}`);
  if (external) throw outsideError(file.name, path, "external storage", externalFile(external));
  if (layout.kind !== "virtual") return;
  const sources = layout.heap === UNDEFINED
    ? []
    : virtualSources(new GlobalHeap(file), layout.heap, layout.object);
  const others = sources.flatMap((source) =>
    source === null ? ["other files"] : source.file === "." ? [] : [
      `${source.file}:${source.path}`,
    ]
  );
  const files = [...new Set(others)];
  if (files.length > 0) {
    const more = files.length > 3 ? ` and ${files.length - 3} more` : "";
    throw outsideError(file.name, path, "a virtual dataset", files.slice(0, 3).join(", ") + more);
  }
  throw new UnsupportedHdf5("virtual datasets");
}
