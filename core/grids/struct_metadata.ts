/**
 * StructMetadata of HDF-EOS5: the text in which a file says how its grids lie, in ODL, the object
 * description language of the Planetary Data System, as far as HDF-EOS5 writes it (HDF-EOS Library User's
 * Guide, volume 1, section 7): groups, objects, and values that are numbers, names, quoted text or tuples.
 */
import { GranaryError } from "../errors.ts";
import type { Hdf5File } from "../hdf5/contract.ts";

/** A grid as StructMetadata describes it; numbers as they are written, undefined where they are not. */
export interface GridStructure {
  readonly name: string;
  readonly xDim: number;
  readonly yDim: number;
  readonly upperLeft: readonly number[] | undefined;
  readonly lowerRight: readonly number[] | undefined;
  /** `HE5_HDFE_CENTER`, `HE5_HDFE_CORNER`; undefined where it is not said. */
  readonly pixelRegistration: string | undefined;
  /** `HE5_HDFE_GD_UL` and the others of UR, LL, LR; undefined where it is not said. */
  readonly gridOrigin: string | undefined;
  /** `HE5_GCTP_GEO`. */
  readonly projection: string;
  readonly zoneCode: number | undefined;
  readonly sphereCode: number | undefined;
  readonly projParams: readonly number[];
  /** Names of the dimensions of each data field, in the order of storage. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

const FOLDER = "/HDFEOS INFORMATION";

/** The longest StructMetadata that is read: real ones have some tens of kilobytes. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Groups within groups, beyond what any file has. */
const MOST_DEPTH = 32;

/** The text of `StructMetadata.0`, `.1` and so on, joined; undefined where a file has none. */
export function structMetadataText(file: Hdf5File): string | undefined {
  const names = (file.list(FOLDER) ?? []).filter((name) => /^StructMetadata\.\d+$/.test(name))
    .sort((a, b) => Number(a.split(".")[1]) - Number(b.split(".")[1]));
  if (names.length === 0) return undefined;
  let text = "";
  for (const name of names) {
    const dataset = file.dataset(`${FOLDER}/${name}`);
    for (const part of dataset?.readText() ?? []) text += part.replace(/\0[^]*$/, "");
    if (text.length > MOST_BYTES) {
      throw new GranaryError(
        "granule",
        `${file.name}: StructMetadata has more than ${MOST_BYTES} characters (the file is damaged)`,
      );
    }
  }
  return text;
}

/** A value of ODL: text (names and quoted text alike), a number, or a tuple of both. */
type OdlValue = string | number | readonly (string | number)[];

/** A group or an object: its values and what lies in it, in the order of writing. */
interface OdlGroup {
  readonly name: string;
  readonly values: ReadonlyMap<string, OdlValue>;
  readonly groups: readonly OdlGroup[];
}

/**
 * The grids that the text describes, by their names. Throws a granule error that names `file` where a group
 * is not closed as it was opened; a grid without its name or its size is left out.
 */
export function readGridStructures(file: string, text: string): Map<string, GridStructure> {
  const grids = new Map<string, GridStructure>();
  const root = parseOdl(file, text);
  for (const structure of root.groups.filter(({ name }) => name === "GridStructure")) {
    for (const group of structure.groups) {
      const grid = gridOf(group);
      if (grid !== undefined) grids.set(grid.name, grid);
    }
  }
  return grids;
}

function gridOf({ values, groups }: OdlGroup): GridStructure | undefined {
  const name = textOf(values.get("GridName"));
  const xDim = numberOf(values.get("XDim"));
  const yDim = numberOf(values.get("YDim"));
  if (name === undefined || xDim === undefined || yDim === undefined) return undefined;
  const fields = new Map<string, readonly string[]>();
  for (const list of groups) {
    if (list.name !== "DataField") continue;
    for (const field of list.groups) {
      const fieldName = textOf(field.values.get("DataFieldName"));
      const dims = field.values.get("DimList");
      if (fieldName !== undefined && dims !== undefined) {
        fields.set(fieldName, (Array.isArray(dims) ? dims : [dims]).map(String));
      }
    }
  }
  return {
    name,
    xDim,
    yDim,
    upperLeft: numbersOf(values.get("UpperLeftPointMtrs")),
    lowerRight: numbersOf(values.get("LowerRightMtrs")),
    pixelRegistration: textOf(values.get("PixelRegistration")),
    gridOrigin: textOf(values.get("GridOrigin")),
    projection: textOf(values.get("Projection")) ?? "",
    zoneCode: numberOf(values.get("ZoneCode")),
    sphereCode: numberOf(values.get("SphereCode")),
    projParams: numbersOf(values.get("ProjParams")) ?? [],
    fields,
  };
}

function textOf(value: OdlValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: OdlValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A tuple of numbers; undefined where something else stands there (`DEFAULT`). */
function numbersOf(value: OdlValue | undefined): number[] | undefined {
  if (!Array.isArray(value) || !value.every((one) => typeof one === "number")) return undefined;
  return value as number[];
}

interface OpenGroup {
  readonly name: string;
  readonly values: Map<string, OdlValue>;
  readonly groups: OpenGroup[];
}

function parseOdl(file: string, text: string): OdlGroup {
  const root: OpenGroup = { name: "", values: new Map(), groups: [] };
  const open = [root];
  for (const [key, written] of statements(text)) {
    const here = open[open.length - 1];
    if (key === "GROUP" || key === "OBJECT") {
      const inner: OpenGroup = { name: unquoted(written), values: new Map(), groups: [] };
      here.groups.push(inner);
      open.push(inner);
      if (open.length > MOST_DEPTH) throw damaged(file, `its groups lie deeper than ${MOST_DEPTH}`);
    } else if (key === "END_GROUP" || key === "END_OBJECT") {
      if (open.length === 1 || here.name !== unquoted(written)) {
        throw damaged(file, `${key}=${written.slice(0, 40)} closes ${here.name || "nothing"}`);
      }
      open.pop();
    } else here.values.set(key, valueOf(written));
  }
  if (open.length > 1) throw damaged(file, `its group ${open[open.length - 1].name} is not closed`);
  return root;
}

/** `key=value` statements up to `END`. A tuple may go over several lines. */
function* statements(text: string): Generator<[string, string]> {
  let key: string | undefined;
  let value = "";
  for (const line of text.split("\n")) {
    const part = line.trim();
    if (key === undefined) {
      if (part === "END") return;
      const equals = part.indexOf("=");
      if (equals < 0) continue;
      key = part.slice(0, equals).trim();
      value = part.slice(equals + 1).trim();
    } else value += part;
    if (value.startsWith("(") && !isClosed(value)) continue;
    yield [key, value];
    key = undefined;
  }
}

/** Whether a tuple's last bracket stands outside quotes. */
function isClosed(tuple: string): boolean {
  return tuple.endsWith(")") && (tuple.split('"').length - 1) % 2 === 0;
}

function valueOf(written: string): OdlValue {
  if (!written.startsWith("(") || !written.endsWith(")")) return scalarOf(written);
  const inside = written.slice(1, -1);
  const parts = inside.match(/"[^"]*"|[^,]+/g) ?? [];
  return parts.map((part) => scalarOf(part.trim()));
}

function scalarOf(written: string): string | number {
  if (written.startsWith('"')) return unquoted(written);
  return /^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$/.test(written)
    ? Number(written.replace(/[dD]/, "e"))
    : written;
}

function unquoted(written: string): string {
  return written.replace(/^"([^]*)"$/, "$1");
}

function damaged(file: string, what: string): GranaryError {
  return new GranaryError("granule", `${file}: StructMetadata is damaged: ${what} (fetch the file again)`, {
    details: { name: file },
  });
}
