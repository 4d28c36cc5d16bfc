/** What GDAL keeps in its private fields: names, scales and units of bands, and the value that means "none". */
import type { GridDtype } from "../raster/grid.ts";

interface BandMetadata {
  readonly description: string | null;
  readonly unit: string | null;
  readonly scale: number;
  readonly offset: number;
}

interface MetadataItem {
  readonly name: string;
  readonly value: string;
  /** The band's index; null for what is said of the file. */
  readonly sample: number | null;
  readonly role: string | null;
  readonly domain: string | null;
}

const ITEM = /<Item((?:\s+[\w:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?:\/>|>([^<]*)<\/Item\s*>)/g;
const ATTRIBUTE = /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The items of the XML text of field 42112. Text that is no such XML has none. */
export function metadataItems(xml: string): MetadataItem[] {
  const items: MetadataItem[] = [];
  for (const [, attributes, text] of xml.matchAll(ITEM)) {
    const named = new Map<string, string>();
    for (const [, name, double, single] of attributes.matchAll(ATTRIBUTE)) {
      named.set(name, unescaped(double ?? single));
    }
    const sample = named.get("sample");
    items.push({
      name: named.get("name") ?? "",
      // GDAL escapes a value before it puts it into XML, where it is escaped again.
      value: unescaped(unescaped(text ?? "")),
      sample: sample === undefined || !/^\d+$/.test(sample) ? null : Number(sample),
      role: named.get("role") ?? null,
      domain: named.get("domain") ?? null,
    });
  }
  return items;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? all;
    const point = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}

/** What the items say of each of `bands` bands, as GDAL reads it: by role. It escapes their texts twice. */
export function bandMetadata(items: readonly MetadataItem[], bands: number): BandMetadata[] {
  return Array.from({ length: bands }, (_, band) => {
    const said = (role: string) => {
      const item = items.find(({ sample, role: has }) => sample === band && has === role);
      return item === undefined ? undefined : unescaped(item.value);
    };
    return {
      description: said("description") ?? null,
      unit: said("unittype") || null,
      scale: finite(said("scale"), 1),
      offset: finite(said("offset"), 0),
    };
  });
}

function finite(text: string | undefined, otherwise: number): number {
  const number = text === undefined || text.trim() === "" ? otherwise : Number(text);
  return Number.isFinite(number) ? number : otherwise;
}

/** Bounds of the integer types. */
const RANGES: Readonly<Partial<Record<GridDtype, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
};

/**
 * The value of field 42113 as the file's elements hold it: rounded to float32 where they are; null where no
 * element can equal it, with the reason.
 */
export function nodataValue(
  text: string | null,
  dtype: GridDtype,
): { nodata: number | null; note: string | null } {
  const none = { nodata: null, note: null };
  if (text === null || text.trim() === "") return none;
  const said = text.trim();
  const number = /^[-+]?nan/i.test(said)
    ? NaN
    : /^[-+]?inf/i.test(said)
    ? (said.startsWith("-") ? -Infinity : Infinity)
    : Number(said);
  if (Number.isNaN(number) && !/^[-+]?nan/i.test(said)) {
    return { nodata: null, note: `its nodata "${said.slice(0, 40)}" is no number and is ignored` };
  }
  const range = RANGES[dtype];
  const stored = dtype === "float32" ? Math.fround(number) : number;
  const held = range === undefined
    ? Number.isFinite(stored) || !Number.isFinite(number)
    : Number.isInteger(number) && number >= range[0] && number <= range[1];
  if (!held) return { nodata: null, note: `its nodata ${said} is no ${dtype}: no cell can have it` };
  return { nodata: stored, note: null };
}
