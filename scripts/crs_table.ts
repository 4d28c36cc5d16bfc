/**
 * Makes the table of coordinate reference systems, `core/raster/crs/code_table.ts`, from the package
 * epsg-index (8 MB of JSON) and from what it does not have, and the part of it that is at hand without unpacking,
 * `core/raster/crs/common_codes.ts`.
 *
 *   deno run -A scripts/crs_table.ts
 */
import fs from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

interface Entry {
  code: string;
  kind: string;
  name: string;
  proj4: string | null;
  unit: string | null;
}

/** Of these, places on a plane or on the ellipsoid; compound ones by their horizontal part. */
const KINDS = ["CRS-PROJCRS", "CRS-GEOGCRS", "CRS-GEOG3DCRS", "CRS-COMPOUNDCRS"];
/** Longitudes and latitudes in a unit that proj4 strings cannot say. */
const UNPLACED_UNITS = ["grad"];
/** EPSG's own codes end here; beyond are ESRI's, and a few of other lists that share no numbers with them. */
const LAST_EPSG = 32767;
const OTHER_LISTS = ["41001", "42", "1000"];

const SPHERE = "+R=6371228";
const HUGHES = "+a=6378273 +b=6356889.449";
/** Withdrawn codes that files of today still carry. */
const WITHDRAWN: readonly [string, string, string][] = [
  [
    "2163",
    "US National Atlas Equal Area",
    "+proj=laea +lat_0=45 +lon_0=-100 +x_0=0 +y_0=0 +R=6370997 +units=m",
  ],
  ["3408", "NSIDC EASE-Grid North", `+proj=laea +lat_0=90 +lon_0=0 +x_0=0 +y_0=0 ${SPHERE} +units=m`],
  ["3409", "NSIDC EASE-Grid South", `+proj=laea +lat_0=-90 +lon_0=0 +x_0=0 +y_0=0 ${SPHERE} +units=m`],
  ["3410", "NSIDC EASE-Grid Global", `+proj=cea +lat_ts=30 +lon_0=0 +x_0=0 +y_0=0 ${SPHERE} +units=m`],
  [
    "3411",
    "NSIDC Sea Ice Polar Stereographic North",
    `+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +x_0=0 +y_0=0 ${HUGHES} +units=m`,
  ],
  [
    "3412",
    "NSIDC Sea Ice Polar Stereographic South",
    `+proj=stere +lat_0=-90 +lat_ts=-70 +lon_0=0 +x_0=0 +y_0=0 ${HUGHES} +units=m`,
  ],
  [
    "3785",
    "Popular Visualisation CRS / Mercator",
    "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null",
  ],
  [
    "32662",
    "WGS 84 / Plate Carree",
    "+proj=eqc +lat_ts=0 +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
  ],
];

/** The table as text: a line each, `code`, name, `g` where a grid file was dropped, definition. */
export function tableText(entries: readonly Entry[]): string {
  const lines = new Map<string, string>();
  for (const { code, kind, name, proj4, unit } of entries) {
    if (proj4 === null || !KINDS.includes(kind)) continue;
    if (unit !== null && UNPLACED_UNITS.includes(unit)) continue;
    if (Number(code) > LAST_EPSG && OTHER_LISTS.some((head) => code.startsWith(head))) continue;
    const key = Number(code) > LAST_EPSG ? `ESRI:${code}` : `EPSG:${code}`;
    const { definition, dropped } = withoutGridFile(proj4.replace(/ \+no_defs| \+type=crs| \+wktext/g, ""));
    lines.set(key, [key, name, dropped ? "g" : "", definition].join("\t"));
  }
  for (const [code, name, definition] of WITHDRAWN) {
    lines.set(`EPSG:${code}`, [`EPSG:${code}`, name, "", definition].join("\t"));
  }
  return [...lines.keys()].sort().map((key) => lines.get(key)).join("\n");
}

/** File names of the index may hold blanks, in quotes. `@null` names no file. */
function withoutGridFile(proj4: string): { definition: string; dropped: boolean } {
  const definition = proj4.replace(/ \+(nadgrids|geoidgrids)=("[^"]*"|(?!@null)\S+)/g, "");
  return { definition, dropped: definition !== proj4 };
}

/** The module that holds the text. */
export function tableModule(text: string): string {
  const bytes = brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  });
  return [
    "/** Made by scripts/crs_table.ts: the table of codes, as text in brotli in base64. */",
    `export const CODE_TABLE =`,
    `  "${bytes.toString("base64")}";`,
    "",
  ].join("\n");
}

/** Degrees, web maps, polar and equal-area grids of daily products; with the zones of UTM they are nearly all there is. */
const COMMON = [
  "4326",
  "4269",
  "4258",
  "3857",
  "3031",
  "3413",
  "3976",
  "3995",
  "5070",
  "6931",
  "6932",
  "6933",
];
const ZONES = Array.from({ length: 60 }, (_, i) => i + 1);

/** The rows of common codes of a table's text. */
export function commonText(text: string): string {
  const codes = [
    ...COMMON,
    ...["326", "327"].flatMap((head) => ZONES.map((zone) => head + `${zone}`.padStart(2, "0"))),
  ];
  const wanted = new Set(codes.map((code) => `EPSG:${code}`));
  return text.split("\n").filter((line) => wanted.has(line.split("\t")[0])).join("\n");
}

function commonModule(text: string): string {
  return "/** Made by scripts/crs_table.ts: rows of common codes, between line ends. */\n" +
    `export const COMMON_CODES =\n  ${JSON.stringify(`\n${commonText(text)}\n`)};\n`;
}

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname!, "..");
  const index = JSON.parse(fs.readFileSync(path.join(root, "node_modules/epsg-index/all.json"), "utf8"));
  const text = tableText(Object.values(index));
  fs.writeFileSync(path.join(root, "core/raster/crs/code_table.ts"), tableModule(text));
  fs.writeFileSync(path.join(root, "core/raster/crs/common_codes.ts"), commonModule(text));
  console.log(`${text.split("\n").length} codes`);
}
