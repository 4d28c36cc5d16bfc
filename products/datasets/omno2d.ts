/** Column amount of nitrogen dioxide, cloud-screened (OMI/Aura, daily, 0.25 degrees). */
export const OMNO2D = `# Daily grids of NO2.
dataset: OMNO2d.003
discover:
  - {from: cmr, short_name: OMNO2d, version: "003", since: 30d}
convert:
  variables: ["**/ColumnAmountNO2*", "**/Weight"]
collection:
  title: Column amount of nitrogen dioxide, cloud-screened (OMI/Aura, daily, 0.25 degrees)
  license: CC0-1.0
  providers:
    - {name: NASA GES DISC, roles: [producer, licensor], url: "https://disc.gsfc.nasa.gov/datasets/OMNO2d_003/summary"}
publish:
  - {to: omno2d}
`;
