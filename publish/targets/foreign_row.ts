/** An item that exists already as a row of a catalog: its hrefs need no base, and are read as those of any STAC. */
import { finishRow, type Footprinter } from "../../catalog/discover/draft/draft.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import { readStacItem } from "../../catalog/discover/stac/stac_item.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { inputError } from "../../core/errors.ts";
import type { StacItem } from "../../core/stac/values.ts";

/** Throws an input error for an item that no catalog can hold, with the reason. */
export function foreignRow(item: StacItem, collection: string, footprinter: Footprinter): GranuleRow {
  const tally = new Tally();
  // The items are files of this machine, which may name others here.
  const draft = readStacItem({ ...item, collection }, { tally, isLocal: true });
  const row = draft === null ? null : finishRow(draft, footprinter, tally);
  if (row !== null) return row;
  const reasons = Object.keys(tally.toJSON().granules).join(", ");
  throw inputError(`item "${item.id}": a catalog cannot hold it: ${reasons}`);
}
