/**
 * Files that hold every item of a dataset: ndjson for loaders, stac-geoparquet, and granary's own catalog.
 * Each is written again and takes its place whole.
 */
import fs from "node:fs";
import path from "node:path";
import { createFootprinter } from "../../catalog/discover/draft/footprinter.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { DEFAULT_CELL_ORDER } from "../../catalog/schema.ts";
import { exportStacGeoparquet } from "../../catalog/write/export.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { temporaryName } from "../../core/files/atomic.ts";
import { olderItem } from "../../core/stac/older.ts";
import type { StacCollection, StacItem, StacVersion } from "../../core/stac/values.ts";
import { itemRow, type RowPlace } from "./item_row.ts";
import { foreignRow } from "./foreign_row.ts";
import { absoluteHref, isAbsoluteHref } from "./hrefs.ts";
import { placedItem, type WholeTarget } from "./target.ts";

interface WholeFileOptions extends RowPlace {
  readonly stac: StacVersion;
  readonly signal?: AbortSignal | undefined;
}

/** A line an item, as pypgstac's loader and many others read them; hrefs are absolute. */
export class NdjsonFile implements WholeTarget {
  constructor(readonly name: string, readonly options: WholeFileOptions) {}

  async write(_collection: StacCollection, items: () => AsyncIterable<StacItem>): Promise<void> {
    const { output, href, stac } = this.options;
    const hrefOf = absoluteHref(output, href);
    fs.mkdirSync(path.dirname(path.resolve(this.name)), { recursive: true });
    await makeFileAtomic(this.name, async (temporary) => {
      const file = await fs.promises.open(temporary, "wx");
      try {
        for await (const item of items()) {
          this.options.signal?.throwIfAborted();
          const placed = placedItem(item, hrefOf, [
            { rel: "collection", href: hrefOf("collection.json"), type: "application/json" },
          ]);
          await file.write(`${JSON.stringify(stac === "1.0.0" ? olderItem(placed) : placed)}\n`);
        }
      } finally {
        await file.close();
      }
    });
  }
}

/** A catalog that granary queries, serves and merges. */
export class CatalogFile implements WholeTarget {
  constructor(readonly name: string, readonly options: WholeFileOptions) {}

  async write(collection: StacCollection, items: () => AsyncIterable<StacItem>): Promise<void> {
    fs.mkdirSync(path.dirname(path.resolve(this.name)), { recursive: true });
    const place = this.options;
    await writeCatalog(this.name, rowsOf(collection.id, items(), place), {
      queries: [{ source: "publish", parameters: { dataset: collection.id, output: place.output } }],
      signal: this.options.signal,
    });
  }
}

/** The same as one table of items for geopandas, DuckDB and stac-geoparquet's readers. */
export class GeoparquetFile implements WholeTarget {
  constructor(readonly name: string, readonly options: WholeFileOptions) {}

  async write(collection: StacCollection, items: () => AsyncIterable<StacItem>): Promise<void> {
    fs.mkdirSync(path.dirname(path.resolve(this.name)), { recursive: true });
    const beside = temporaryName(path.resolve(this.name));
    try {
      await new CatalogFile(beside, this.options).write(collection, items);
      const catalog = await openCatalog(beside);
      try {
        const { signal } = this.options;
        await exportStacGeoparquet(catalog, this.name, signal === undefined ? {} : { signal });
      } finally {
        catalog.close();
      }
    } finally {
      fs.rmSync(beside, { force: true });
    }
  }
}

async function* rowsOf(
  collection: string,
  items: AsyncIterable<StacItem>,
  place: RowPlace,
): AsyncGenerator<GranuleRow> {
  const footprinter = createFootprinter(DEFAULT_CELL_ORDER);
  for await (const item of items) {
    const isForeign = Object.values(item.assets).some(({ href }) => isAbsoluteHref(href));
    yield isForeign
      ? foreignRow(item, collection, footprinter)
      : itemRow(item, collection, place, footprinter);
  }
}
