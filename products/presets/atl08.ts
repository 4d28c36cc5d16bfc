/** ICESat-2 ATL08: land and vegetation height, 100 m segments of six beams. */
export const ATL08 = `# ICESat-2 ATL08, land and vegetation height: terrain and canopy a cell.
data_source:
  reader: hdf5
  collections: ["ATL08.*"]
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates:
    latitude: "/{group}/land_segments/latitude"
    longitude: "/{group}/land_segments/longitude"
  variables:
    h_te: "/{group}/land_segments/terrain/h_te_best_fit"
    slope: "/{group}/land_segments/terrain/terrain_slope"
    h_canopy: "/{group}/land_segments/canopy/h_canopy"
  # Segments that lost more than a fifth of their photons to the DEM or signal tests are left out, and
  # those that are likely under cloud.
  filters:
    - {dataset: "/{group}/land_segments/dem_removal_flag", op: eq, value: 0}
    - {dataset: "/{group}/land_segments/ph_removal_flag", op: eq, value: 0}
    - {dataset: "/{group}/land_segments/layer_flag", op: eq, value: 0}

aggregation:
  variables:
    count:
      function: count
      source: h_te
      dtype: int32
      fill_value: 0
      attrs: {long_name: number of segments with terrain, units: "1"}
    te_min:
      function: min
      source: h_te
      dtype: float32
      attrs: {long_name: lowest terrain height, units: m}
    te_max:
      function: max
      source: h_te
      dtype: float32
      attrs: {long_name: highest terrain height, units: m}
    te_mean:
      function: mean
      source: h_te
      dtype: float32
      attrs: {long_name: mean terrain height, units: m}
    te_median:
      function: median
      source: h_te
      dtype: float32
      attrs: {long_name: median terrain height, units: m}
    te_std:
      function: std
      source: h_te
      dtype: float32
      attrs: {long_name: standard deviation of terrain height, units: m}
    slope_mean:
      expression: "np.mean(np.abs(slope))"
      dtype: float32
      attrs: {long_name: mean magnitude of along-track terrain slope, units: "1"}
    canopy_count:
      function: count
      source: h_canopy
      dtype: int32
      fill_value: 0
      attrs: {long_name: number of segments with canopy, units: "1"}
    canopy_mean:
      function: mean
      source: h_canopy
      dtype: float32
      attrs: {long_name: mean canopy height above terrain, units: m}
    canopy_median:
      function: median
      source: h_canopy
      dtype: float32
      attrs: {long_name: median canopy height above terrain, units: m}
    canopy_q95:
      function: quantile
      source: h_canopy
      params: {q: 0.95}
      dtype: float32
      attrs: {long_name: 95th percentile of canopy height above terrain, units: m}
    canopy_max:
      function: max
      source: h_canopy
      dtype: float32
      attrs: {long_name: highest canopy height above terrain, units: m}

output:
  grid:
    type: healpix
    indexing_scheme: nested
    parent_order: 6
    child_order: 12
`;
