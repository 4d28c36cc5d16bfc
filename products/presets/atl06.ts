/** ICESat-2 ATL06: land ice height, 40 m segments of six beams. */
export const ATL06 = `# ICESat-2 ATL06, land ice height: statistics of h_li a cell.
data_source:
  reader: hdf5
  collections: ["ATL06.*"]
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates:
    latitude: "/{group}/land_ice_segments/latitude"
    longitude: "/{group}/land_ice_segments/longitude"
  variables:
    h_li: "/{group}/land_ice_segments/h_li"
    s_li: "/{group}/land_ice_segments/h_li_sigma"
  # 0 is best quality, 1 a potential problem.
  quality_filter:
    dataset: "/{group}/land_ice_segments/atl06_quality_summary"
    value: 0

aggregation:
  variables:
    count:
      function: count
      source: h_li
      dtype: int32
      fill_value: 0
      attrs: {long_name: number of segments, units: "1"}
    h_min:
      function: min
      source: h_li
      dtype: float32
      attrs: {long_name: lowest land ice height, units: m}
    h_max:
      function: max
      source: h_li
      dtype: float32
      attrs: {long_name: highest land ice height, units: m}
    # Weighted by the inverse square of each segment's error, and the error of that mean.
    h_mean:
      function: average
      source: h_li
      params: {weights: "1.0 / s_li**2"}
      dtype: float32
      attrs: {long_name: mean land ice height weighted by inverse variance, units: m}
    h_sigma:
      expression: "1.0 / np.sqrt(np.sum(1.0 / s_li**2))"
      dtype: float32
      attrs: {long_name: standard error of the weighted mean height, units: m}
    h_variance:
      function: var
      source: h_li
      dtype: float32
      attrs: {long_name: variance of land ice height, units: m2}
    h_q25:
      function: quantile
      source: h_li
      params: {q: 0.25}
      dtype: float32
      attrs: {long_name: lower quartile of land ice height, units: m}
    h_q50:
      function: quantile
      source: h_li
      params: {q: 0.5}
      dtype: float32
      attrs: {long_name: median land ice height, units: m}
    h_q75:
      function: quantile
      source: h_li
      params: {q: 0.75}
      dtype: float32
      attrs: {long_name: upper quartile of land ice height, units: m}

output:
  grid:
    type: healpix
    indexing_scheme: nested
    parent_order: 6
    child_order: 12
`;
