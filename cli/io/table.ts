/** Tables for people: aligned columns, numbers flush right, nothing that a terminal would obey. */
import { toHex, toJson } from "./json.ts";
import { visible } from "./visible.ts";

const GAP = "  ";
const BYTES_SHOWN = 16;

/** The lines of a table with a rule under its head; each ends with a newline. */
export function formatTable(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => columns.map((_, index) => cellText(row[index])));
  const head = columns.map(visible);
  const widths = head.map((name, index) =>
    cells.reduce((widest, row) => Math.max(widest, displayWidth(row[index])), displayWidth(name))
  );
  const right = columns.map((_, index) =>
    rows.length > 0 && rows.every((row) => isNumber(row[index]) || row[index] == null) &&
    rows.some((row) => row[index] != null)
  );
  const line = (row: readonly string[]) =>
    row.map((text, index) => {
      const padding = " ".repeat(widths[index] - displayWidth(text));
      return right[index] ? padding + text : text + padding;
    }).join(GAP).trimEnd() + "\n";
  return line(head) + line(widths.map((width) => "-".repeat(width))) + cells.map(line).join("");
}

/** One value on one line: null is empty, bytes are short hex, lists and structs are JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) {
    const shown = toHex(value.subarray(0, BYTES_SHOWN));
    return value.length > BYTES_SHOWN ? `0x${shown}… (${value.length} bytes)` : `0x${shown}`;
  }
  if (typeof value === "object") return visible(toJson(value, 0));
  return visible(String(value));
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

/** Columns that a terminal gives to `text`: two for wide East Asian forms and emoji, none for marks. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x300) width += 1;
    else if (/^\p{Mark}$/u.test(character) || code === 0x200b || code === 0x200d) continue;
    else width += isWide(code) ? 2 : 1;
  }
  return width;
}

/** The wide and full-width blocks of Unicode's East Asian Width (UAX 11), by range. */
function isWide(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0xa4cf) || (code >= 0xa960 && code <= 0xa97f) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1f64f) ||
    (code >= 0x1f900 && code <= 0x1f9ff) || (code >= 0x20000 && code <= 0x3fffd);
}
