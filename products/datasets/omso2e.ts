/** Column amount of sulfur dioxide, best pixels (OMI/Aura, daily, 0.25 degrees). */
export const OMSO2E = `# South-up rows; the file says so, and the COGs are north-up.
dataset: OMSO2e.003
discover:
  - {from: cmr, short_name: OMSO2e, version: "003", since: 30d}
convert:
  variables: ["**/ColumnAmountSO2", "**/ColumnAmountO3", "**/QualityFlags_SO2"]
collection:
  title: Column amount of sulfur dioxide, best pixels (OMI/Aura, daily, 0.25 degrees)
  license: CC0-1.0
  providers:
    - {name: NASA GES DISC, roles: [producer, licensor], url: "https://disc.gsfc.nasa.gov/datasets/OMSO2e_003/summary"}
  renders:
    so2: {title: Column amount of SO2, assets: [ColumnAmountSO2], rescale: [[-0.5, 2]], colormap_name: viridis}
publish:
  - {to: omso2e}
`;
