/** Hourly two-dimensional fields of MERRA-2, time-averaged (0.5 by 0.625 degrees). */
export const MERRA2_SLV = `# 24 steps a granule: an item and a file of each variable an hour.
dataset: M2T1NXSLV.5.12.4
discover:
  - {from: cmr, short_name: M2T1NXSLV, version: "5.12.4", since: 30d}
convert:
  variables: [T2M, T2MDEW, U10M, V10M, PS, SLP, TQV]
collection:
  title: Hourly two-dimensional fields of MERRA-2, time-averaged (0.5 by 0.625 degrees)
  license: CC0-1.0
  providers:
    - {name: NASA GMAO, roles: [producer]}
    - {name: NASA GES DISC, roles: [licensor, host], url: "https://disc.gsfc.nasa.gov/datasets/M2T1NXSLV_5.12.4/summary"}
publish:
  - {to: merra2_slv}
`;
