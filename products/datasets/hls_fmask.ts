/** Fmask of Harmonized Landsat and Sentinel-2. */
export const HLS_FMASK = `# Both sensors of HLS. A granule has many files: Fmask is the one of classes.
dataset: HLS_FMASK.2.0
discover:
  - {from: cmr, short_name: HLSL30, version: "2.0", since: 7d}
  - {from: cmr, short_name: HLSS30, version: "2.0", since: 7d}
convert:
  assets: ["*.Fmask.tif"]
  overviews: mode
collection:
  title: Cloud, water, snow and shadow by Fmask (HLS, 30 m)
  license: CC0-1.0
  providers:
    - {name: NASA LP DAAC, roles: [producer, licensor], url: "https://lpdaac.usgs.gov/products/hlsl30v002/"}
publish:
  - {to: hls_fmask}
`;
