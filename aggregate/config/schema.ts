/** The pipeline config as users write it: the YAML's shape, key by key. `parse.ts` makes a Pipeline of it. */
import { z } from "zod";
import { DUPLICATE_RULES } from "../../catalog/duplicates.ts";
import { ARRAY_DTYPES } from "../../core/zarr/element.ts";
import { CLIP_RULES } from "../pipeline.ts";
import { DEFAULT_PARENT_ORDER, DEFAULT_TILE, MAX_ITEMS, MAX_SHARD, MAX_ZONES } from "./limits.ts";

const MAX_ORDER = 29;

const FILTER_OPERATORS = [
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "in",
  "not_in",
  "between",
  "not_between",
  "bits_all",
  "bits_not_all",
  "bits_any",
  "bits_none",
] as const;

const datasetPath = z.string().min(1).max(1_000).describe(
  "Path of a dataset in the granule; {group} stands for the group, and [:,98] takes a column of a two-dimensional one",
);
const text = z.string().min(1).max(4_000);
const order = z.int().min(0).max(MAX_ORDER);
const fillValue = z.union([z.number(), z.string().max(64)]);
const date = z.string().max(40).describe("A date or time of ISO 8601, UTC");

const columnName = z.string().max(100).regex(
  /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/,
  "a column's name must be letters, digits and _ (expressions use it)",
);
const variableName = z.string().max(100).regex(
  /^[A-Za-z][A-Za-z0-9_.-]*$/,
  "a variable's name must begin with a letter and go on in letters, digits, _, . and -",
);

/** Numbers past 2^53 round: in quotes an integer keeps all its digits. */
const filterValue = z.union([
  z.number(),
  z.string().regex(/^[+-]?\d{1,20}$/, "wanted a number, or a whole number in quotes"),
]);

const filter = z.strictObject({
  dataset: datasetPath.optional(),
  level: z.string().max(100).optional().describe("The rate of the dataset, one of data_source.levels"),
  op: z.enum(FILTER_OPERATORS).optional().describe("The comparison that a row must pass"),
  value: z.union([filterValue, z.array(filterValue).min(1).max(10_000)]).optional()
    .describe(
      "A number, or in quotes a whole number of any size; for in and not_in a list; for between two numbers, both of which pass; for bits a mask",
    ),
  values: z.array(filterValue).min(1).max(10_000).optional().describe("The list of in and not_in"),
  column: z.int().min(0).max(999_999_999).nullable().optional()
    .describe("Index in the second dimension of a two-dimensional dataset"),
  keep: z.boolean().optional().describe("false drops the rows that match"),
  raw: z.boolean().optional().describe(
    "true compares the stored numbers; without it physical values, after scale_factor and add_offset",
  ),
  expression: text.optional().describe(
    "Instead of a dataset: a comparison over columns, such as h > 0 and not (s > 1)",
  ),
  get all() {
    return z.array(filter).min(1).max(MAX_ITEMS).optional().describe("Instead: filters that must all pass");
  },
  get any() {
    return z.array(filter).min(1).max(MAX_ITEMS).optional().describe(
      "Instead: filters of which one must pass",
    );
  },
  get not() {
    return filter.optional().describe("Instead: a filter that a row with a value must fail");
  },
});

const variable = z.strictObject({
  function: z.string().min(1).max(100).optional().describe("numpy's name: len, min, max, mean, average, …"),
  expression: text.optional().describe("Arithmetic over columns that gives one value a cell"),
  source: text.optional().describe("The column, or expression over columns, that the function reduces"),
  params: z.record(z.string(), z.union([z.number(), text, z.array(z.number()).max(MAX_ITEMS)])).optional()
    .describe(
      "Parameters of the function: numbers, columns or expressions; of histogram the edges of its bins",
    ),
  dtype: z.enum(ARRAY_DTYPES).optional().describe("Element type of the array"),
  fill_value: fillValue.nullable().optional().describe("The value of a cell without observations"),
  kind: z.enum(["scalar"]).optional().describe("One value a cell"),
  attrs: z.record(z.string(), z.union([z.string().max(4_000), z.number()])).optional()
    .describe("Attributes of the array, such as units and long_name"),
});

/** A dataset, or one column of a two-dimensional one. */
const column = z.union([
  datasetPath,
  z.strictObject({ path: datasetPath, column: z.int().min(0).max(999_999_999).optional() }),
]);

const level = z.strictObject({
  path: text.optional().describe("Where the level's datasets lie; for readers"),
  coordinates: z.record(z.string(), datasetPath).optional(),
  variables: z.record(columnName, column).optional().describe(
    "Columns of this rate, each of which every row of the base level has",
  ),
  link: z.strictObject({
    to: z.string().max(100),
    index_beg: datasetPath.optional().describe("The first row of the base level of each of the level's rows"),
    count: datasetPath.optional().describe("And their number"),
    index_base: z.int().min(0).max(1).optional().describe(
      "What the first row is called: 0 (the default) or 1",
    ),
    repeat: z.boolean().optional().describe("Each of the level's rows has as many of the base level's"),
    broadcast: z.boolean().optional().describe("One value, of every row"),
  }).nullable().optional().describe("How its rows belong to the base level's; null for the base level"),
});

const dataSource = z.strictObject({
  reader: z.enum(["hdf5", "h5coro"]).optional().describe("hdf5 (h5coro means the same)"),
  driver: z.enum(["auto", "local", "https", "s3"]).optional().describe("Where to read granules from"),
  collections: z.array(z.string().min(1).max(200)).max(MAX_ITEMS).optional()
    .describe("Globs of the collections that the config fits, such as ATL06.*"),
  asset: z.string().min(1).max(500).optional().describe(
    "Key or glob of the file, for granules of several files",
  ),
  groups: z.array(z.string().min(1).max(200)).min(1).max(MAX_ITEMS).describe(
    "Names or globs of top-level groups",
  ),
  coordinates: z.strictObject({
    latitude: datasetPath,
    longitude: datasetPath,
    level: z.string().max(100).optional().describe("The rate of both, one of data_source.levels"),
    time: z.union([
      datasetPath,
      z.strictObject({
        dataset: datasetPath,
        units: z.string().max(100).describe('CF units, such as "seconds since 2018-01-01"').optional(),
      }),
    ]).optional().describe(
      "The time of each row, by which bounds.temporal cuts observations (default: delta_time or time beside latitude)",
    ),
  }),
  variables: z.record(columnName, column).describe("Columns: the name that statistics use, and the dataset"),
  base_level: z.string().max(100).optional().describe("The level whose rows are counted"),
  levels: z.record(columnName, level).optional().describe("Datasets of other rates than that of the rows"),
  beams: z.enum(["strong", "weak"]).optional().describe(
    "Only these beams of ICESat-2, or of GEDI, whose full power beams are strong",
  ),
  quality_filter: z.strictObject({ dataset: datasetPath, value: z.number() }).optional()
    .describe("Keeps the rows where dataset equals value"),
  filters: z.array(filter).max(MAX_ITEMS).optional().describe("Rows must pass every one"),
});

const aggregation = z.strictObject({
  coordinates: z.strictObject({
    cell_ids: z.strictObject({ dtype: z.enum(["uint64"]).optional(), fill_value: fillValue.optional() })
      .optional(),
    morton: z.strictObject({
      dtype: z.enum(["int64", "uint64"]).optional().describe(
        "int64: the signed decimal id; uint64: the packed one",
      ),
      fill_value: fillValue.optional(),
    }).optional(),
  }).optional(),
  variables: z.record(variableName, variable).describe("Output arrays"),
});

const grid = z.strictObject({
  type: z.enum(["healpix", "projected"]).optional().describe(
    "Cells: HEALPix (the default), by orders; or projected, squares on the plane of crs",
  ),
  indexing_scheme: z.enum(["nested"]).optional(),
  parent_order: order.optional().describe(
    `Order of the cells of work and of chunks (default ${DEFAULT_PARENT_ORDER})`,
  ),
  child_order: order.optional().describe("Order of the finest cells; HEALPix needs it"),
  latitude: z.enum(["authalic", "geodetic"]).optional().describe(
    "Which latitude the cells are of (default authalic)",
  ),
  crs: z.string().min(1).max(100).optional().describe(
    "Of a projected grid: the code of its reference system, such as EPSG:3413",
  ),
  resolution: z.number().positive().max(1e7).optional().describe(
    "Of a projected grid: the side of the finest cells, in units of crs",
  ),
  origin: z.tuple([z.number(), z.number()]).optional().describe(
    "Of a projected grid: x and y of a corner of cells (default 0, 0)",
  ),
  tile: z.int().min(1).optional().describe(
    `Of a projected grid: cells of a tile of work on one side, a power of 2 (default ${DEFAULT_TILE})`,
  ),
});

const output = z.strictObject({
  store: text.nullable().optional().describe("Where the store goes; -o overrules it"),
  layout: z.enum(["compact", "sphere"]).optional().describe(
    "Arrays of the run's cells only, or of the whole sphere",
  ),
  shard: z.int().min(1).max(MAX_SHARD).nullable().optional().describe("Parent cells in a shard object"),
  levels: z.array(order).min(1).max(MAX_ORDER + 1).optional().describe(
    "Orders to write (default: the child order alone); --levels overrules it",
  ),
  zones: z.union([
    z.array(z.strictObject({
      name: z.string().min(1).max(500),
      geometry: z.record(z.string(), z.unknown()).describe("GeoJSON"),
    })).min(1).max(MAX_ZONES),
    z.strictObject({
      file: text.describe("A file of polygons, as --polygon reads"),
      name: text.optional().describe("The property that names a zone"),
    }),
  ]).optional().describe(
    "Areas of which the store has statistics beside its cells (--zones reads them from a file)",
  ),
  exact_quantiles: z.boolean().optional().describe(
    "Quantiles of levels above the parent order from all values, kept beside the run, not from sketches",
  ),
  grid,
  time: z.strictObject({
    every: z.string().max(20).optional().describe(
      "month, year, day, cycle (91 days) or a number of days such as 10d",
    ),
    epoch: date.optional().describe(
      "Where windows of days, and cycles, are counted from (default 1970-01-01)",
    ),
    windows: z.array(z.tuple([date, date])).min(1).max(100_000).optional()
      .describe("Windows instead: beginning and end of each, ascending; an end belongs to the next"),
  }).nullable().optional().describe("A leading dimension time: observations are cut by their own times"),
});

const selection = z.strictObject({
  where: text.optional().describe("SQL condition on the catalog's columns"),
  collections: z.array(z.string().min(1).max(200)).min(1).max(MAX_ITEMS).optional()
    .describe("Globs of collections, of those that data_source.collections fits"),
  providers: z.array(z.string().min(1).max(200)).min(1).max(MAX_ITEMS).optional(),
  cells: z.array(z.string().min(1).max(40)).min(1).max(1_000_000).optional()
    .describe("Parent cells, by order and nested id (6/45763) or by morton id"),
  max_cells: z.int().min(1).optional().describe("At most so many parent cells, the first in order"),
  unknown_extent: z.boolean().optional().describe(
    "Takes granules too whose extent the catalog does not know",
  ),
  duplicates: z.enum(DUPLICATE_RULES).optional().describe(
    "Granules that hold the same observations: one of each is taken (fold), all are (keep), or none may be (refuse)",
  ),
});

const numbers4 = z.array(z.number()).length(4);
const area = z.union([
  numbers4,
  z.strictObject({ west: z.number(), south: z.number(), east: z.number(), north: z.number() }),
  z.strictObject({ bbox: numbers4 }),
  z.strictObject({ region: z.string().min(1).max(200) }),
  z.strictObject({ file: text.describe("A file of polygons, as --polygon reads") }),
  z.strictObject({ geometry: z.record(z.string(), z.unknown()), name: z.string().max(500).optional() }),
]);

const bounds = z.strictObject({
  temporal: z.strictObject({ start_date: date.optional(), end_date: date.optional() }).nullable().optional()
    .describe("Granules, and observations where there is a time column"),
  spatial: z.union([area, z.strictObject({ all: z.array(area).min(1).max(MAX_ITEMS) })]).nullable().optional()
    .describe(
      "west, south, east, north in degrees (west > east crosses the antimeridian), a region's name, a GeoJSON geometry," +
        " or all: a list of them that must all hold",
    ),
  clip: z.enum(CLIP_RULES).optional().describe(
    "What is left out: observations outside (the default), cells whose centre is outside, or none of the cells that touch",
  ),
});

export const configSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z]\w{0,254}$/, "letters, digits and _, the first a letter").optional()
    .describe(
      "Stands before the names of its variables where several configs make one store; default: the file's name",
    ),
  data_source: dataSource,
  aggregation,
  output,
  catalog: text.nullable().optional().describe("Catalog to run over; --catalog overrules it"),
  bounds: bounds.nullable().optional(),
  selection: selection.nullable().optional().describe(
    "What is taken of the catalog; the flags of granary aggregate overrule it",
  ),
}).describe("granary pipeline config");

/** A config as written, its shape checked and nothing else. */
export type ConfigInput = z.infer<typeof configSchema>;

/** The JSON Schema (draft 2020-12) of the config, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: "input" }) as Record<string, unknown>;
}
