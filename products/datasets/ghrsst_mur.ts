/** Sea surface temperature, multi-scale ultra-high resolution analysis (daily, 0.01 degrees). */
export const GHRSST_MUR =
  `# 18,000 rows of 36,000 cells; values stay packed, scale and offset are in the COGs.
dataset: MUR-JPL-L4-GLOB-v4.1
discover:
  - {from: cmr, short_name: MUR-JPL-L4-GLOB-v4.1, version: "4.1", since: 30d}
convert:
  variables: [analysed_sst, analysis_error, sea_ice_fraction]
  compress: zstd
collection:
  title: Sea surface temperature, multi-scale ultra-high resolution analysis (daily, 0.01 degrees)
  license: CC0-1.0
  providers:
    - {name: NASA JPL, roles: [producer]}
    - {name: NASA PO.DAAC, roles: [licensor, host], url: "https://podaac.jpl.nasa.gov/dataset/MUR-JPL-L4-GLOB-v4.1"}
  renders:
    sst: {title: Sea surface temperature, assets: [analysed_sst], rescale: [[-25000, 12000]], colormap_name: viridis}
publish:
  - {to: ghrsst_mur}
`;
