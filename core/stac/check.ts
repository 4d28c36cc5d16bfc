/**
 * Whether a value is an item, a collection or a catalog as the specification wants it (STAC 1.0.0 and
 * 1.1.0), with the fields of the projection, raster, processing and file extensions where they are named.
 * The rules mirror the published JSON Schemas and need no network; an extension without rules here is
 * reported as not checked.
 */
import { z } from "zod";
import { EXTENSIONS } from "./values.ts";

/** One thing that is wrong, with the path of the field. */
interface StacFault {
  readonly path: string;
  readonly problem: string;
}

export interface StacVerdict {
  readonly kind: "item" | "collection" | "catalog" | "item collection" | "nothing";
  readonly faults: readonly StacFault[];
  /** Extensions that are named and have no rules here. */
  readonly unchecked: readonly string[];
}

const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|\+00:00)$/;
const instant = z.string().regex(DATE_TIME, "is no time in UTC (wanted such as 2024-01-31T00:00:00Z)");
const text = z.string().min(1, "is empty");
const number = z.number();
const box = z.array(number).refine(({ length }) => length === 4 || length === 6, "wanted 4 or 6 numbers");

const link = z.looseObject({
  href: text,
  rel: text,
  type: z.string().optional(),
  title: z.string().optional(),
});
const links = z.array(link).superRefine((all, context) => {
  all.forEach(({ rel, href }, i) => {
    if (rel === "self" && !/^[a-z][a-z0-9+.-]*:/i.test(href)) {
      context.addIssue({ code: "custom", path: [i, "href"], message: "a self link is absolute" });
    }
  });
});

const provider = z.looseObject({
  name: text,
  description: z.string().optional(),
  roles: z.array(z.enum(["producer", "licensor", "processor", "host"])).optional(),
  url: z.string().optional(),
});

const DATA_TYPES = [
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float16",
  "float32",
  "float64",
  "cint16",
  "cint32",
  "cfloat32",
  "cfloat64",
  "other",
] as const;

const statistics = z.looseObject({
  minimum: number.optional(),
  maximum: number.optional(),
  mean: number.optional(),
  stddev: number.optional(),
  count: z.int().min(0).optional(),
  valid_percent: number.min(0).max(100).optional(),
}).refine((fields) => Object.keys(fields).length > 0, "is empty");

/** Common metadata: every field is optional and has one type. */
const COMMON = {
  title: z.string().optional(),
  description: text.optional(),
  keywords: z.array(z.string()).optional(),
  roles: z.array(z.string()).optional(),
  datetime: instant.nullable().optional(),
  start_datetime: instant.optional(),
  end_datetime: instant.optional(),
  created: instant.optional(),
  updated: instant.optional(),
  data_type: z.enum(DATA_TYPES).optional(),
  nodata: z.union([number, z.enum(["nan", "inf", "-inf"])]).optional(),
  statistics: statistics.optional(),
  unit: z.string().optional(),
  platform: z.string().optional(),
  instruments: z.array(z.string()).optional(),
  constellation: z.string().optional(),
  mission: z.string().optional(),
  gsd: number.gt(0).optional(),
  license: z.string().regex(/^[\w\-.+]+$/, "is no licence identifier").optional(),
  providers: z.array(provider).optional(),
} as const;

const band = z.looseObject({ ...COMMON, name: z.string().optional() });
const common = z.looseObject({ ...COMMON, bands: z.array(band).optional() });
const itemAsset = common.extend({ type: z.string().optional() });
const spans = (fields: { start_datetime?: string; end_datetime?: string }) =>
  (fields.start_datetime === undefined) === (fields.end_datetime === undefined);
const SPAN = "start_datetime and end_datetime stand together";

const asset = z.looseObject({
  ...COMMON,
  bands: z.array(band).optional(),
  href: text,
  type: z.string().optional(),
})
  .refine(spans, SPAN);

const properties = common.refine(spans, SPAN).superRefine((fields, context) => {
  if (fields.datetime === undefined) {
    context.addIssue({
      code: "custom",
      path: ["datetime"],
      message: "is missing (null is allowed beside a span)",
    });
  } else if (fields.datetime === null && fields.start_datetime === undefined) {
    context.addIssue({ code: "custom", path: ["datetime"], message: "is null without a span of times" });
  }
});

const position = z.array(number).min(2);
const ring = z.array(position).min(4).refine(
  (points) => JSON.stringify(points[0]) === JSON.stringify(points[points.length - 1]),
  "the ring is not closed",
);
const simple = [
  z.looseObject({ type: z.literal("Point"), coordinates: position }),
  z.looseObject({ type: z.literal("MultiPoint"), coordinates: z.array(position) }),
  z.looseObject({ type: z.literal("LineString"), coordinates: z.array(position).min(2) }),
  z.looseObject({ type: z.literal("MultiLineString"), coordinates: z.array(z.array(position).min(2)) }),
  z.looseObject({ type: z.literal("Polygon"), coordinates: z.array(ring) }),
  z.looseObject({ type: z.literal("MultiPolygon"), coordinates: z.array(z.array(ring)) }),
] as const;
const geometry = z.discriminatedUnion("type", [...simple]);

const VERSIONS = ["1.0.0", "1.1.0"] as const;
const version = z.enum(VERSIONS, `is none that is checked here (wanted ${VERSIONS.join(" or ")})`);
const extensions = z.array(z.string()).refine((all) => new Set(all).size === all.length, "names one twice");

const item = z.looseObject({
  type: z.literal("Feature"),
  stac_version: version,
  stac_extensions: extensions.optional(),
  id: text,
  geometry: geometry.nullable(),
  bbox: box.optional(),
  properties,
  links,
  assets: z.record(z.string(), asset),
  collection: text.optional(),
}).superRefine((value, context) => {
  const fault = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  if (value.geometry === null && value.bbox !== undefined) fault(["bbox"], "stands without a geometry");
  if (value.geometry !== null && value.bbox === undefined) fault(["bbox"], "is missing");
  const linked = value.links.some(({ rel }) => rel === "collection");
  if (linked && value.collection === undefined) fault(["collection"], "is missing (there is a link to it)");
  if (!linked && value.collection !== undefined) fault(["links"], "have no link to the item's collection");
  const inAssets = Object.values(value.assets).some((one) => one.bands !== undefined);
  if (!inAssets && value.properties.bands !== undefined && value.stac_version === "1.1.0") {
    fault(["properties", "bands"], "stand without any asset that has bands");
  }
});

const collection = z.looseObject({
  ...COMMON,
  type: z.literal("Collection"),
  stac_version: version,
  stac_extensions: extensions.optional(),
  id: text,
  description: text,
  license: COMMON.license.unwrap(),
  extent: z.looseObject({
    spatial: z.looseObject({
      bbox: z.array(box).refine(({ length }) => length === 1 || length >= 3, "has 1 box, or 3 and more"),
    }),
    temporal: z.looseObject({ interval: z.array(z.tuple([instant.nullable(), instant.nullable()])).min(1) }),
  }),
  links,
  assets: z.record(z.string(), asset).optional(),
  item_assets: z.record(
    z.string(),
    itemAsset.refine((one) => Object.keys(one).length >= 2, "wanted 2 fields at least")
      .refine((one) => !("href" in one), "has an href, which belongs to items"),
  ).optional(),
  summaries: z.record(
    z.string(),
    z.union([
      z.array(z.unknown()).min(1),
      z.looseObject({}).refine((one) => Object.keys(one).length > 0, "is empty"),
    ]),
  ).optional(),
});

const catalog = z.looseObject({
  ...COMMON,
  type: z.literal("Catalog"),
  stac_version: version,
  stac_extensions: extensions.optional(),
  id: text,
  description: text,
  links,
});

/** Fields that begin with `prefix:` are those of `shape`, and no others. */
function prefixed(prefix: string, shape: z.ZodRawShape): z.ZodType {
  const known = z.object(shape).partial();
  return z.looseObject({}).superRefine((value, context) => {
    for (const key of Object.keys(value)) {
      if (key.startsWith(prefix) && !(key in shape)) {
        context.addIssue({ code: "custom", path: [key], message: `is no field of the extension ${prefix}` });
      }
    }
    const checked = known.safeParse(value);
    for (const issue of checked.error?.issues ?? []) {
      context.addIssue({ code: "custom", path: [...issue.path], message: issue.message });
    }
  });
}

const nullableText = z.string().nullable();
const FIELDS: Readonly<Record<string, z.ZodType>> = {
  [EXTENSIONS.projection]: prefixed("proj:", {
    "proj:code": nullableText,
    "proj:wkt2": nullableText,
    "proj:projjson": z.looseObject({}).nullable(),
    "proj:geometry": geometry,
    "proj:bbox": box,
    "proj:centroid": z.looseObject({ lat: number.min(-90).max(90), lon: number.min(-180).max(180) }),
    "proj:shape": z.tuple([z.int(), z.int()]),
    "proj:transform": z.array(number).refine(
      ({ length }) => length === 6 || length === 9,
      "wanted 6 or 9 numbers",
    ),
  }),
  [EXTENSIONS.raster]: prefixed("raster:", {
    "raster:bits_per_sample": z.int(),
    "raster:sampling": z.enum(["area", "point"]),
    "raster:scale": number,
    "raster:offset": number,
    "raster:spatial_resolution": number,
    "raster:histogram": z.strictObject({
      count: number,
      min: number,
      max: number,
      buckets: z.array(z.int()).min(3),
    }),
  }),
  [EXTENSIONS.processing]: prefixed("processing:", {
    "processing:expression": z.looseObject({ format: z.string(), expression: z.unknown() }),
    "processing:lineage": z.string(),
    "processing:level": z.string(),
    "processing:facility": z.string(),
    "processing:version": z.string(),
    "processing:datetime": instant,
    "processing:software": z.record(z.string(), z.string()),
  }),
  [EXTENSIONS.file]: prefixed("file:", {
    "file:size": z.int().min(0),
    "file:checksum": z.string().regex(/^[0-9a-f]+$/, "is no multihash in lower-case hex"),
    "file:header_size": z.int().min(0),
    "file:byte_order": z.enum(["big-endian", "little-endian"]),
    "file:values": z.array(z.unknown()),
    "file:local_path": z.string(),
  }),
};

/** Extensions whose schemas want one of their fields where they are named. */
const NEEDED: Readonly<Record<string, string>> = {
  [EXTENSIONS.raster]: "raster:",
  [EXTENSIONS.processing]: "processing:",
};

function usesPrefix(
  record: Record<string, unknown>,
  parts: readonly [PropertyKey[], unknown][],
  prefix: string,
): boolean {
  const isItem = record.type === "Feature";
  // An item's processing fields are asked for in its properties; a collection's in any of its parts.
  const places = isItem && prefix === "processing:" ? [record.properties] : parts.map(([, part]) => part);
  if (!isItem) places.push(record.summaries, ...(Array.isArray(record.providers) ? record.providers : []));
  return places.some((place) =>
    typeof place === "object" && place !== null && Object.keys(place).some((key) => key.startsWith(prefix))
  );
}

/** Checks a parsed JSON value. A feature collection is checked item by item. */
export function checkStac(value: unknown): StacVerdict {
  const type = (value as { type?: unknown } | null)?.type;
  if (type === "FeatureCollection") {
    const features = (value as { features?: unknown }).features;
    if (!Array.isArray(features)) {
      return {
        kind: "item collection",
        faults: [{ path: "features", problem: "is no list" }],
        unchecked: [],
      };
    }
    const verdicts = features.map(checkStac);
    return {
      kind: "item collection",
      faults: verdicts.flatMap(({ faults }, i) =>
        faults.map(({ path, problem }) => ({
          path: `features[${i}]${path === "" ? "" : `.${path}`}`,
          problem,
        }))
      ),
      unchecked: [...new Set(verdicts.flatMap(({ unchecked }) => unchecked))],
    };
  }
  const kinds = {
    Feature: ["item", item],
    Collection: ["collection", collection],
    Catalog: ["catalog", catalog],
  } as const;
  const found = typeof type === "string" && type in kinds ? kinds[type as keyof typeof kinds] : undefined;
  if (found === undefined) {
    const problem = `is ${JSON.stringify(type) ?? "missing"} (wanted Feature, Collection or Catalog)`;
    return { kind: "nothing", faults: [{ path: "type", problem }], unchecked: [] };
  }
  const [kind, schema] = found;
  const faults = faultsOf(schema.safeParse(value).error, []);
  const record = value as Record<string, unknown>;
  const named = Array.isArray(record.stac_extensions)
    ? record.stac_extensions.filter((one) => typeof one === "string")
    : [];
  for (const extension of named) {
    const fields = FIELDS[extension];
    if (fields === undefined) continue;
    const parts = [...partsOf(record)];
    for (const [path, part] of parts) faults.push(...faultsOf(fields.safeParse(part).error, path));
    const prefix = NEEDED[extension];
    if (prefix !== undefined && !usesPrefix(record, parts, prefix)) {
      faults.push({
        path: "stac_extensions",
        problem: `names ${extension}, and no field ${prefix}… is there`,
      });
    }
  }
  return { kind, faults, unchecked: named.filter((extension) => !(extension in FIELDS)) };
}

/** The records of a value in which an extension's fields may stand, with their paths. */
function* partsOf(record: Record<string, unknown>): Generator<[PropertyKey[], unknown]> {
  if (record.type === "Feature") yield [["properties"], record.properties];
  for (const group of ["assets", "item_assets"]) {
    const assets = record[group];
    if (typeof assets !== "object" || assets === null) continue;
    for (const [key, one] of Object.entries(assets)) {
      yield [[group, key], one];
      const bands = (one as { bands?: unknown } | null)?.bands;
      if (Array.isArray(bands)) {
        for (const [i, part] of bands.entries()) yield [[group, key, "bands", i], part];
      }
    }
  }
}

function faultsOf(error: z.ZodError | undefined, above: readonly PropertyKey[]): StacFault[] {
  return (error?.issues ?? []).map((issue) => ({
    path: [...above, ...issue.path].map((key, i) =>
      typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`
    ).join(""),
    problem: issue.message,
  }));
}
