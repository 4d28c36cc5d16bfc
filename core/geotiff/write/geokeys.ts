/** Where a grid lies, as fields of a directory: its affine, and its system as GeoKeys (OGC GeoTIFF 1.1). */
import type { Affine, Crs } from "../../raster/grid.ts";
import { definedKeys } from "./defined_keys.ts";
import type { Field } from "./directory.ts";
import type { GeoKey } from "./geokey.ts";

const MODEL_TYPE = 1024, RASTER_TYPE = 1025, GEODETIC_CRS = 2048, PROJECTED_CRS = 3072;
const PROJECTED = 1, GEOGRAPHIC = 2, PIXEL_IS_AREA = 1;

/** Codes that a key can hold: above, numbers are private. */
const HIGHEST_CODE = 32766;

/** The fields of a directory. Throws an input error for a system that is not written as GeoKeys. */
export function geoKeys(crs: Crs): Field[] {
  const keys = [
    { key: MODEL_TYPE, short: crs.geographic ? GEOGRAPHIC : PROJECTED },
    { key: RASTER_TYPE, short: PIXEL_IS_AREA },
    ...systemKeys(crs),
  ];
  const directory = [1, 1, 1, keys.length];
  const doubles: number[] = [];
  let texts = "";
  for (const entry of [...keys].sort((a, b) => a.key - b.key) as GeoKey[]) {
    if ("short" in entry) directory.push(entry.key, 0, 1, entry.short);
    else if ("double" in entry) directory.push(entry.key, 34736, 1, doubles.push(entry.double) - 1);
    else {
      const text = `${entry.text.replaceAll("|", "/")}|`;
      directory.push(entry.key, 34737, text.length, texts.length);
      texts += text;
    }
  }
  const fields: Field[] = [{ tag: 34735, type: "short", values: directory }];
  if (doubles.length > 0) fields.push({ tag: 34736, type: "double", values: doubles });
  if (texts !== "") fields.push({ tag: 34737, type: "ascii", text: texts });
  return fields;
}

function systemKeys(crs: Crs): GeoKey[] {
  const code = epsgCode(crs.code);
  if (code !== null) return [{ key: crs.geographic ? GEODETIC_CRS : PROJECTED_CRS, short: code }];
  return definedKeys(crs);
}

function epsgCode(code: string | null): number | null {
  const number = Number(/^EPSG:(\d+)$/.exec(code ?? "")?.[1] ?? NaN);
  return number <= HIGHEST_CODE ? number : null;
}

/** A scale and a corner where the grid is north up; else the whole matrix. */
export function placeFields([a, b, c, d, e, f]: Affine): Field[] {
  if (b === 0 && d === 0 && a > 0 && e < 0) {
    return [
      { tag: 33550, type: "double", values: [a, -e, 0] },
      { tag: 33922, type: "double", values: [0, 0, 0, c, f, 0] },
    ];
  }
  return [{ tag: 34264, type: "double", values: [a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1] }];
}
