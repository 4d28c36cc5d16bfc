/** Total column ozone by the TOMS method (OMI/Aura, daily, 1 degree). */
export const OMTO3D = `# South-up rows, as GridOrigin says; the COGs are north-up.
dataset: OMTO3d.003
discover:
  - {from: cmr, short_name: OMTO3d, version: "003", since: 30d}
convert:
  variables: ["**/ColumnAmountO3", "**/UVAerosolIndex", "**/RadiativeCloudFraction"]
collection:
  title: Total column ozone by the TOMS method (OMI/Aura, daily, 1 degree)
  license: CC0-1.0
  providers:
    - {name: NASA GES DISC, roles: [producer, licensor], url: "https://disc.gsfc.nasa.gov/datasets/OMTO3d_003/summary"}
  renders:
    ozone: {title: Total column ozone, assets: [ColumnAmountO3], rescale: [[150, 550]], colormap_name: viridis}
publish:
  - {to: omto3d}
`;
