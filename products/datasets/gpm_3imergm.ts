/** Precipitation of the month, IMERG final run (GPM, 0.1 degrees). */
export const GPM_3IMERGM = `# Stored with longitudes before latitudes; the COGs are transposed.
dataset: GPM_3IMERGM.07
discover:
  - {from: cmr, short_name: GPM_3IMERGM, version: "07", since: 30d}
convert:
  variables: ["**/precipitation", "**/randomError", "**/precipitationQualityIndex"]
collection:
  title: Precipitation of the month, IMERG final run (GPM, 0.1 degrees)
  license: CC0-1.0
  providers:
    - {name: NASA GES DISC, roles: [producer, licensor], url: "https://disc.gsfc.nasa.gov/datasets/GPM_3IMERGM_07/summary"}
  renders:
    precipitation: {title: Precipitation rate, assets: [precipitation], rescale: [[0, 1]], colormap_name: viridis}
publish:
  - {to: gpm_3imergm}
`;
