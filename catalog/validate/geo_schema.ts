/**
 * The rules of GeoParquet 1.1.0 for the footer key `geo`, as a JSON Schema written from the
 * specification's text (section "File metadata" and "Column metadata").
 */
import { Ajv, type ErrorObject } from "ajv";

const GEOMETRY_NAMES = [
  "Point",
  "LineString",
  "Polygon",
  "MultiPoint",
  "MultiLineString",
  "MultiPolygon",
  "GeometryCollection",
];

/** Single-geometry encodings of GeoArrow, beside WKB. */
const ENCODINGS = [
  "WKB",
  "point",
  "linestring",
  "polygon",
  "multipoint",
  "multilinestring",
  "multipolygon",
];

/** A path to one side of the covering box: the struct column, then the field. */
const side = (field: string) => ({
  type: "array",
  minItems: 2,
  maxItems: 2,
  items: [{ type: "string", minLength: 1 }, { const: field }],
});

const COLUMN = {
  type: "object",
  required: ["encoding", "geometry_types"],
  properties: {
    encoding: { enum: ENCODINGS },
    geometry_types: {
      type: "array",
      uniqueItems: true,
      items: { enum: GEOMETRY_NAMES.flatMap((name) => [name, `${name} Z`]) },
    },
    crs: { type: ["object", "null"] },
    edges: { enum: ["planar", "spherical"] },
    orientation: { const: "counterclockwise" },
    bbox: {
      type: "array",
      items: { type: "number" },
      anyOf: [{ minItems: 4, maxItems: 4 }, { minItems: 6, maxItems: 6 }],
    },
    epoch: { type: "number" },
    covering: {
      type: "object",
      required: ["bbox"],
      properties: {
        bbox: {
          type: "object",
          required: ["xmin", "ymin", "xmax", "ymax"],
          properties: Object.fromEntries(
            ["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"].map((field) => [field, side(field)]),
          ),
        },
      },
    },
  },
};

const SCHEMA = {
  type: "object",
  required: ["version", "primary_column", "columns"],
  properties: {
    version: { enum: ["1.0.0", "1.0.0-beta.1", "1.1.0"] },
    primary_column: { type: "string", minLength: 1 },
    columns: { type: "object", minProperties: 1, additionalProperties: COLUMN },
  },
};

let compiled: ReturnType<Ajv["compile"]> | undefined;

/** What is wrong with a `geo` value; nothing for a sound one. */
export function geoProblems(geo: unknown): string[] {
  compiled ??= new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);
  if (!compiled(geo)) return (compiled.errors ?? []).map(problem);
  const { primary_column: primary, columns } = geo as {
    primary_column: string;
    columns: Record<string, { covering?: { bbox: Record<string, [string, string]> } }>;
  };
  const problems: string[] = [];
  if (!Object.hasOwn(columns, primary)) problems.push(`primary_column "${primary}" is not among the columns`);
  for (const [name, column] of Object.entries(columns)) {
    const roots = new Set(Object.values(column.covering?.bbox ?? {}).map(([root]) => root));
    if (roots.size > 1) {
      problems.push(`the covering of "${name}" names several columns (${[...roots].join(", ")})`);
    }
  }
  return problems;
}

function problem(error: ErrorObject): string {
  return `${error.instancePath || "the value"} ${error.message ?? "is wrong"}`;
}
