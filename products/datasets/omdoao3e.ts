/** Total column ozone by the DOAS method (OMI/Aura, daily, 0.25 degrees). */
export const OMDOAO3E = `# South-up rows; the file says so, and the COGs are north-up.
dataset: OMDOAO3e.003
discover:
  - {from: cmr, short_name: OMDOAO3e, version: "003", since: 30d}
convert:
  variables: ["**/ColumnAmountO3"]
collection:
  title: Total column ozone by the DOAS method (OMI/Aura, daily, 0.25 degrees)
  license: CC0-1.0
  providers:
    - {name: NASA GES DISC, roles: [producer, licensor], url: "https://disc.gsfc.nasa.gov/datasets/OMDOAO3e_003/summary"}
  renders:
    ozone: {title: Total column ozone, assets: [ColumnAmountO3], rescale: [[150, 550]], colormap_name: viridis}
publish:
  - {to: omdoao3e}
`;
