/** Attributes as text and as numbers, however a writer stored them: a scalar, a list of one, text of numbers. */
import type { Hdf5Scalar } from "./contract.ts";

type Attribute = Hdf5Scalar | readonly Hdf5Scalar[] | undefined;

/** The attribute's text, trimmed; empty where it is none. */
export function attributeText(value: Attribute): string {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first.trim() : "";
}

/** The attribute's numbers, those written as text included; what is no finite number is left out. */
export function attributeNumbers(value: Attribute): number[] {
  if (value === undefined) return [];
  return [value].flat().flatMap((one) =>
    typeof one === "string"
      ? one.split(/[\s,;[\]()]+/).filter((part) => part !== "").map(Number)
      : [Number(one)]
  ).filter(Number.isFinite);
}

/** The attribute's words: netCDF's lists of names are text, HDF5's lists of text. */
export function attributeWords(value: Attribute): string[] {
  if (value === undefined) return [];
  return [value].flat().flatMap((one) => typeof one === "string" ? one.split(/[\s,]+/) : [])
    .filter((word) => word !== "");
}
