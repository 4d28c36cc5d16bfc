/** The GeoParquet metadata of several files as that of one: all types, and the box of all. */
import { asObject } from "../../core/json_value.ts";

type Geo = Readonly<Record<string, unknown>>;

export function unionGeo(parts: readonly Geo[]): Record<string, unknown> {
  const [first] = parts;
  if (parts.length === 1) return { ...first };
  const primary = String(first.primary_column);
  const columns = parts.map((geo) => asObject(asObject(geo.columns)?.[primary]) ?? {});
  const types = columns.flatMap((column) =>
    Array.isArray(column.geometry_types) ? column.geometry_types : []
  );
  const boxes = columns.map((column) => column.bbox).filter((box): box is number[] => Array.isArray(box));
  const { bbox: _, ...rest } = columns[0];
  const box = boxes.length === 0 ? {} : {
    bbox: [0, 1, 2, 3].map((side) => {
      const values = boxes.map((box) => box[side]);
      return side < 2 ? Math.min(...values) : Math.max(...values);
    }),
  };
  return {
    ...first,
    columns: { [primary]: { ...rest, geometry_types: [...new Set(types)].sort(), ...box } },
  };
}
