/** One GeoKey. SHORTs stand in the directory of keys itself, doubles and texts beside it. */
export type GeoKey =
  | { readonly key: number; readonly short: number }
  | { readonly key: number; readonly double: number }
  | { readonly key: number; readonly text: string };
