/** What the header of an HDF5 object says of a dataset: its type, shape, layout, filters and fill value. */
import { damaged } from "./cursor.ts";
import { DirectDataset, type ReadCounters } from "./dataset.ts";
import { readDatatype } from "./datatype.ts";
import type { Fetcher } from "./fetch.ts";
import { type Layout, readDataspace, readFill, readFilters, readLayout, readOldFill } from "./messages.ts";
import { MESSAGE, type ObjectHeader } from "./object_header.ts";

/** Opens the dataset that `header` describes; undefined where it is not one. */
export function openDataset(
  header: ObjectHeader,
  path: string,
  fetcher: Fetcher,
  counters: ReadCounters,
): DirectDataset | undefined {
  const { file } = header;
  const layoutMessage = header.message(MESSAGE.layout, `layout of ${path}`);
  if (!layoutMessage) return undefined;
  const typeMessage = header.message(MESSAGE.datatype, `datatype of ${path}`);
  const spaceMessage = header.message(MESSAGE.dataspace, `dataspace of ${path}`);
  if (!typeMessage || !spaceMessage) throw damaged(file.name, `${path} has no datatype or no dataspace`);
  const type = readDatatype(typeMessage);
  const space = readDataspace(spaceMessage);
  const rank = space.shape?.length ?? 0;
  const layout: Layout = space.shape === null
    ? { kind: "compact", bytes: new Uint8Array(0) }
    : readLayout(layoutMessage, rank, type.size);
  const filterMessage = header.message(MESSAGE.filters, `filters of ${path}`);
  const filters = filterMessage ? readFilters(filterMessage) : [];
  const newFill = header.message(MESSAGE.fill, `fill value of ${path}`);
  const oldFill = newFill ? undefined : header.message(MESSAGE.oldFill, `fill value of ${path}`);
  const fill = newFill ? readFill(newFill) : oldFill ? readOldFill(oldFill) : null;
  return new DirectDataset(
    file,
    path,
    type,
    space.shape ?? [0],
    space.maxShape ?? [0],
    layout,
    filters,
    fill,
    header,
    fetcher,
    counters,
  );
}
