/** Texts that presets share, so that each says only what is its own. */

/** An output variable: its name, the function, the column, what it is, its unit; params as YAML. */
type PresetVariable = [
  name: string,
  named: string,
  source: string,
  longName: string,
  units: string,
  params?: string,
];

/** The part of a config behind `data_source`: statistics of cells of order 12 under parents of order 6. */
export function cellsText(variables: readonly PresetVariable[]): string {
  return `
aggregation:
  variables:
${variables.map(variableText).join("")}
output:
  grid:
    type: healpix
    indexing_scheme: nested
    parent_order: 6
    child_order: 12
`;
}

function variableText([name, named, source, longName, units, params]: PresetVariable): string {
  const counts = named === "count" || named === "nunique";
  return `    ${name}:
      function: ${named}
      source: ${source}
${params === undefined ? "" : `      params: ${params}\n`}      dtype: ${
    counts ? "int32\n      fill_value: 0" : "float32"
  }
      attrs: {long_name: ${longName}, units: ${units === "1" ? '"1"' : units}}
`;
}

/** Count, mean, median, deviation and extremes of one column. */
export function usualVariables(
  source: string,
  what: string,
  units: string,
  prefix = source,
): PresetVariable[] {
  return [
    ["count", "count", source, `number of observations with a ${what}`, "1"],
    [`${prefix}_min`, "min", source, `least ${what}`, units],
    [`${prefix}_max`, "max", source, `greatest ${what}`, units],
    [`${prefix}_mean`, "mean", source, `mean ${what}`, units],
    [`${prefix}_median`, "median", source, `median ${what}`, units],
    [`${prefix}_std`, "std", source, `standard deviation of the ${what}`, units],
  ];
}

/** ICESat-2's six beams. */
export const ICESAT2_GROUPS = "[gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]";
/** GEDI's eight. */
export const GEDI_GROUPS = "[BEAM0000, BEAM0001, BEAM0010, BEAM0011, BEAM0101, BEAM0110, BEAM1000, BEAM1011]";
