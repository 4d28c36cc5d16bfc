/** `granary inspect URL`: a file behind HTTPS or in S3, by the ranges that tell what it holds. */
import { openNamed } from "../../core/access/open_named.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { beginsAsTiff, TIFF_HEAD_BYTES } from "../../core/geotiff/signature.ts";
import { describeGrids } from "../../core/grids/describe.ts";
import { Hdf5Session } from "../../core/grids/hdf5_session.ts";
import { PARQUET_MAGIC } from "../../core/tables/parquet_magic.ts";
import { openGrids } from "../../core/grids/open_grids.ts";
import { describeHdf5 } from "../../products/describe_file.ts";
import type { CliContext } from "../io/context.ts";
import { showCatalog } from "./catalog_info.ts";
import { printTiff } from "./inspect_grids.ts";
import { printHdf5 } from "./inspect_hdf5.ts";

/** Describes the file at `place` on stdout. */
export async function inspectRemote(place: string, context: CliContext): Promise<void> {
  const { env, signal, log } = context;
  const opener = new SourceOpener({ env, signal, warn: (message) => log.warn(message) });
  const source = await openNamed(opener, place);
  try {
    const head = await source.read(0, Math.min(TIFF_HEAD_BYTES, source.sizeBytes), signal);
    if (String.fromCharCode(...head) === PARQUET_MAGIC) return await showCatalog(place, context);
    const grids = describeGrids(await openGrids(source, source.name, { signal }));
    if (beginsAsTiff(head)) return printTiff(source.name, source.sizeBytes, grids, context);
    const session = await Hdf5Session.open(source, signal);
    printHdf5(await session.run((file) => describeHdf5(file, source.sizeBytes), signal), grids, context);
  } finally {
    await source.close();
    await opener.close();
  }
}
