/** `granary catalog build --from s3 s3://bucket/prefix/`: granules among the objects of a bucket. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatNumberOf } from "../../core/units.ts";
import { addS3Options, type S3Flags, s3Settings } from "../flags/s3.ts";
import type { Progress } from "../io/context.ts";
import type { BuildRequest, BuildSource, OpenedSource } from "./catalog_build_source.ts";

interface ListingFlags extends S3Flags {
  match?: string;
  id?: string;
  collection?: string;
  provider?: string;
  start?: string;
  end?: string;
}

export const s3Source: BuildSource = {
  kind: "s3",
  addOptions(command: CommandUnknownOpts) {
    command.option(
      "--match <pattern>",
      "s3: only keys that match below the prefix: a glob, or a regular expression between slashes" +
        " (default: names of HDF5, netCDF and TIFF files)",
    );
    command.option(
      "--id <pattern>",
      "s3: a regular expression over files' names; those of one id (its group id, or the first) are one granule",
    );
    addS3Options(command);
  },
  open,
};

/** Questions that a list of keys cannot be asked. */
const OTHERS = {
  bbox: "--bbox",
  polygon: "--polygon",
  region: "--region",
  shortName: "--short-name",
  version: "--version",
  conceptId: "--concept-id",
  cycle: "--cycle",
  update: "--update",
} as const;

async function open(request: BuildRequest): Promise<OpenedSource> {
  const { inputs, context, cellOrder } = request;
  const flags = request.flags as ListingFlags;
  for (const [name, flag] of Object.entries(OTHERS)) {
    if (request.flags[name] === undefined) continue;
    throw inputError(
      `${flag} has no meaning for --from s3: a list of keys tells names, sizes and times alone`,
    );
  }
  const { discoverS3 } = await import("../../catalog/discover/discover.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const { signal } = context;
  const onWarning = (message: string) => context.log.warn(message);
  const opener = new SourceOpener({ signal, warn: onWarning });
  let progress: Progress | undefined;
  const found = discoverS3(
    {
      prefixes: inputs,
      match: flags.match,
      id: flags.id,
      collection: flags.collection,
      provider: flags.provider,
      s3: s3Settings(flags),
    },
    opener,
    {
      cellOrder,
      asked: new Date().toISOString(),
      signal,
      onWarning,
      onProgress: (keys) => {
        progress ??= context.log.progress("s3", null, "keys");
        progress.update(keys);
      },
    },
    {
      ...(flags.start === undefined ? {} : { start: flags.start }),
      ...(flags.end === undefined ? {} : { end: flags.end }),
    },
  );
  return {
    rows: found.rows,
    queries: () => [found.query()],
    notes: () => found.tally.lines(["granule", "note"]),
    failures: [],
    finished: () => {
      const others = found.tally.count("link");
      if (others > 0) {
        context.log.info(`no data: ${formatNumberOf(others, "key")} (catalog info says what they are)`);
      }
    },
    close: async () => {
      progress?.end();
      await opener.close();
    },
  };
}
