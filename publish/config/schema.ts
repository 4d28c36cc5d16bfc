/** The shape of a dataset's YAML; `granary publish schema` prints it as JSON Schema. */
import { z } from "zod";
import { NAMED_GRIDS } from "../../core/grids/ease_grids.ts";
import { MAX_PATTERN } from "../../core/patterns/pattern.ts";

const glob = z.string().min(1).max(MAX_PATTERN + 2);
const time = z.string().max(40).describe("a date or a time in UTC, 2024-01-31 or 2024-01-31T12:00:00Z");
const days = z.string().regex(/^\d{1,5}d$/, "wanted a number of days such as 30d");
const box = z.tuple([z.number(), z.number(), z.number(), z.number()]).describe("west, south, east, north");

const groupId = z.string().min(1).max(MAX_PATTERN).optional().describe(
  "a regular expression over files' names: those of one id (its group id, or the first) are one granule",
);

const discovery = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("cmr"),
    short_name: z.string().optional(),
    version: z.string().optional(),
    concept_id: z.string().optional(),
    provider: z.string().optional(),
    since: days.optional().describe("only granules of the last days, 30d"),
    start: time.optional(),
    end: time.optional(),
    bbox: box.optional(),
    url: z.string().optional().describe("another service of CMR's interface"),
  }),
  z.strictObject({
    from: z.literal("s3"),
    prefix: z.string().describe("s3://bucket/prefix/"),
    match: glob.optional().describe(
      "a glob over the key below the prefix, or a regular expression between slashes",
    ),
    id: groupId,
  }),
  z.strictObject({
    from: z.literal("local"),
    path: z.string(),
    match: glob.optional().describe(
      "a glob over the path below the folder, or a regular expression between slashes",
    ),
    id: groupId,
  }),
  z.strictObject({
    from: z.literal("stac"),
    url: z.string(),
    collection: z.string().optional(),
    start: time.optional(),
    end: time.optional(),
  }),
  z.strictObject({ from: z.literal("catalog"), path: z.string() }),
]);

const convert = z.strictObject({
  assets: z.array(glob).max(200).optional()
    .describe("globs over the names or keys of a granule's files, where it has several; default all"),
  variables: z.array(glob).max(200).optional().describe("globs over variables' paths; default every grid"),
  values: z.enum(["stored", "physical"]).optional(),
  overviews: z.enum(["auto", "average", "mode", "nearest"]).optional(),
  compress: z.enum(["deflate", "zstd"]).optional(),
  cogs: z.enum(["keep", "rewrite"]).optional()
    .describe("files that are cloud-optimized GeoTIFFs already: copied as they are, or written again"),
  grid: z.strictObject({
    crs: z.string().regex(/^EPSG:\d{4,6}$/, "wanted a code such as EPSG:4326").optional(),
    name: z.enum(NAMED_GRIDS.map(({ name }) => name)).optional()
      .describe("a named grid such as EASE2_M36km, for files that place none"),
  }).optional().describe("overrides, only where files lie"),
  mask: z.enum(["valid_range"]).optional()
    .describe("values outside of the range that a variable states as valid become no values"),
  steps: z.enum(["files", "bands"]).optional().describe("one file a time step, or one with a band a step"),
  split: z.array(z.string().min(1)).max(20).optional().describe("axes of which each step is a file"),
  time: z.strictObject({
    from: z.array(z.enum(["cmr", "file", "name"])).min(1).optional(),
    name: z.string().max(MAX_PATTERN).optional()
      .describe("a regular expression with named groups over the file's name"),
  }).optional(),
  on_source_change: z.enum(["replace", "keep"]).optional(),
});

const provider = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  roles: z.array(z.enum(["producer", "licensor", "processor", "host"])).optional(),
  url: z.string().optional(),
});

const collection = z.strictObject({
  title: z.string().optional(),
  description: z.string().optional(),
  license: z.string().regex(/^[\w\-.+]+$/, "wanted a licence identifier such as CC0-1.0").optional(),
  keywords: z.array(z.string()).optional(),
  providers: z.array(provider).optional(),
  renders: z.record(z.string(), z.unknown()).optional(),
  item_properties: z.record(z.string(), z.unknown()).optional(),
  fields: z.record(z.string(), z.unknown()).optional().describe("further fields of the collection"),
});

const target = z.strictObject({
  to: z.string().min(1),
  api: z.enum(["transactions", "ingest", "pgstac"]).optional(),
  format: z.enum(["static", "ndjson", "geoparquet", "catalog"]).optional(),
  token: z.string().regex(
    /^env:[A-Za-z_][A-Za-z0-9_]*$/,
    "wanted env:NAME (a secret never stands in the file)",
  )
    .optional(),
  oauth: z.strictObject({
    url: z.string().regex(/^https?:\/\//, "wanted the address of a token endpoint"),
    client_id: z.string().min(1),
    scope: z.string().optional(),
  }).optional().describe("token is a client's secret: a token is had for it here"),
  href: z.string().regex(/^https?:\/\//, "wanted https://…").optional()
    .describe("where others read what is put there"),
  stac: z.enum(["1.0", "1.1"]).optional(),
});

export const datasetSchema = z.strictObject({
  dataset: z.string().regex(
    /^[A-Za-z0-9][\w.\-]{0,199}$/,
    "wanted a name of letters, digits, dots and dashes",
  ),
  discover: z.array(discovery).min(1),
  convert: convert.optional(),
  collection: collection.optional(),
  publish: z.array(target).min(1),
  retry: z.strictObject({
    attempts: z.int().min(1).max(100).optional(),
    give_up_after: days.optional(),
  }).optional(),
});

export type DatasetInput = z.infer<typeof datasetSchema>;

/** The shape as JSON Schema (2020-12). */
export function datasetJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(datasetSchema, { io: "input" }) as Record<string, unknown>;
}
