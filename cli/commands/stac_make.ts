/** `granary stac item|collection`: items of rasters, and the collection of items. */
import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { asTime } from "../../core/json_value.ts";
import type { ItemTime } from "../../core/stac/raster_item.ts";
import type { CliContext } from "../io/context.ts";
import { filesToRead, placesToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary stac item HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif
  granary stac item scene/*.tif --id scene --datetime 2024-01-31T10:20:30Z --collection C
  granary stac item *.tif --each --time-name '_(?<year>\\d{4})(?<month>\\d\\d)' | granary stac push - --to catalog
  granary stac collection items.ndjson --id C --title 'My scenes' --license CC0-1.0

Statistics are of every cell. A time is what you say, or what a pattern or a known product's name tells. The
query of an address, which may hold a signature, stands in no item.`;

const VERSIONS = ["1.0", "1.1"] as const;

interface ItemFlags {
  each?: true;
  id?: string;
  collection?: string;
  datetime?: string;
  start?: string;
  end?: string;
  timeName?: string;
  stac: (typeof VERSIONS)[number];
}

export function addStacMake(stac: Command, context: CliContext): void {
  stac.command("item")
    .description("print the item of GeoTIFFs, with exact statistics, as a line of JSON")
    .argument("<files...>", "paths, https:// or s3:// addresses", placesToRead)
    .option("--each", "an item a file (default: one item with an asset a file)")
    .option("--id <id>", "the item's id (default: the first file's name)")
    .option("--collection <id>", "the collection that it is of")
    .option("--datetime <time>", "when it was taken, such as 2024-01-31T10:20:30Z")
    .option("--start <time>", "the beginning of its time, with --end")
    .option("--end <time>", "the end of its time, with --start")
    .option(
      "--time-name <pattern>",
      "a regular expression over the name, with the groups year, month, day, …",
    )
    .addOption(
      new Option("--stac <version>", "version that is written").choices(VERSIONS).default("1.1" as const),
    )
    .addHelpText("after", EXAMPLES)
    .action((files, flags) => printItems(files, flags as ItemFlags, context));
  stac.command("collection")
    .description("print the collection of items: extents, summaries and assets computed from them")
    .argument("<items...>", "items or item collections as JSON, .ndjson, or - for stdin", filesToRead)
    .requiredOption("--id <id>", "the collection's id")
    .option("--title <title>", "its title")
    .option("--description <text>", "its description (default: title or id)")
    .option("--license <id>", "its licence, such as CC0-1.0", "other")
    .addOption(
      new Option("--stac <version>", "version that is written").choices(VERSIONS).default("1.1" as const),
    )
    .addHelpText("after", EXAMPLES)
    .action((files, flags) => printCollection(files, flags, context));
}

async function printItems(files: readonly string[], flags: ItemFlags, context: CliContext): Promise<void> {
  if (flags.each === true && flags.id !== undefined) {
    throw inputError("--id is of one item (--each makes several)");
  }
  const { itemOfFiles } = await import("../../publish/item_of_file.ts");
  const { namePattern } = await import("../../publish/config/name_pattern.ts");
  const { olderItem } = await import("../../core/stac/older.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const time = timeOf(flags);
  if (flags.timeName !== undefined) {
    try {
      namePattern(flags.timeName);
    } catch (error) {
      throw inputError(`--time-name: the pattern ${(error as Error).message}`);
    }
  }
  const { signal } = context;
  const opener = new SourceOpener({ env: context.env, signal, warn: (message) => context.log.warn(message) });
  try {
    for (const group of flags.each === true ? files.map((file) => [file]) : [files]) {
      const item = await itemOfFiles({
        files: group,
        id: flags.id ?? null,
        collection: flags.collection ?? null,
        time,
        pattern: flags.timeName ?? null,
        opener,
        signal,
      });
      context.out.write(`${JSON.stringify(flags.stac === "1.0" ? olderItem(item) : item)}\n`);
    }
  } finally {
    await opener.close();
  }
}

function timeOf({ datetime, start, end, timeName }: ItemFlags): ItemTime | null {
  const span = start !== undefined || end !== undefined;
  if ([datetime !== undefined, span, timeName !== undefined].filter(Boolean).length > 1) {
    throw inputError("--datetime, --start with --end, and --time-name exclude each other");
  }
  const read = (flag: string, text: string | undefined) => {
    const time = text === undefined ? null : asTime(text);
    if (time === null) {
      throw inputError(`${flag} "${text ?? ""}": is no time (wanted such as 2024-01-31T10:20:30Z)`);
    }
    return time;
  };
  if (datetime !== undefined) return { instant: read("--datetime", datetime) };
  if (!span) return null;
  const time = { start: read("--start", start), end: read("--end", end) };
  if (time.end < time.start) throw inputError("--end lies before --start");
  return time;
}

interface CollectionFlags {
  id: string;
  title?: string;
  description?: string;
  license: string;
  stac: (typeof VERSIONS)[number];
}

async function printCollection(
  files: readonly string[],
  flags: CollectionFlags,
  context: CliContext,
): Promise<void> {
  if (!/^[\w\-.+]+$/.test(flags.license)) {
    throw inputError(`--license "${flags.license}": is no identifier (wanted such as CC0-1.0)`);
  }
  const { CollectionSum } = await import("../../core/stac/collection.ts");
  const { olderCollection } = await import("../../core/stac/older.ts");
  const { readItems } = await import("../../publish/read_items.ts");
  const sum = new CollectionSum();
  for (const file of files) for await (const item of readItems(file)) sum.add(item);
  if (sum.items === 0) throw inputError(`${files.join(", ")}: no items are there`);
  const { id, title, description, license } = flags;
  const collection = sum.result({
    id,
    title: title ?? null,
    description: description ?? title ?? id,
    license,
    keywords: [],
    providers: [],
    renders: null,
    fields: {},
  }, []);
  context.out.json(flags.stac === "1.0" ? olderCollection(collection) : collection);
}
