/** GEDI L2A: elevation and relative heights, 25 m footprints of eight beams. */
export const GEDI_L2A = `# GEDI L2A, elevation and height metrics: ground and canopy a cell.
data_source:
  reader: hdf5
  # Names of files do not always tell the version.
  collections: ["GEDI02_A", "GEDI02_A.*"]
  groups: [BEAM0000, BEAM0001, BEAM0010, BEAM0011, BEAM0101, BEAM0110, BEAM1000, BEAM1011]
  coordinates:
    latitude: "/{group}/lat_lowestmode"
    longitude: "/{group}/lon_lowestmode"
  variables:
    elev: "/{group}/elev_lowestmode"
    rh50: "/{group}/rh[:,50]"
    rh98: "/{group}/rh[:,98]"
  # Useful waveforms of good pointing that could see the ground through 90 % of canopy.
  filters:
    - {dataset: "/{group}/quality_flag", op: eq, value: 1}
    - {dataset: "/{group}/degrade_flag", op: eq, value: 0}
    - {dataset: "/{group}/sensitivity", op: ge, value: 0.9}

aggregation:
  variables:
    count:
      function: count
      source: rh98
      dtype: int32
      fill_value: 0
      attrs: {long_name: number of footprints, units: "1"}
    elev_min:
      function: min
      source: elev
      dtype: float32
      attrs: {long_name: lowest ground elevation above the ellipsoid, units: m}
    elev_max:
      function: max
      source: elev
      dtype: float32
      attrs: {long_name: highest ground elevation above the ellipsoid, units: m}
    elev_mean:
      function: mean
      source: elev
      dtype: float32
      attrs: {long_name: mean ground elevation above the ellipsoid, units: m}
    rh50_mean:
      function: mean
      source: rh50
      dtype: float32
      attrs: {long_name: mean height of half the returned energy above ground, units: m}
    rh98_mean:
      function: mean
      source: rh98
      dtype: float32
      attrs: {long_name: mean canopy height (RH98) above ground, units: m}
    rh98_std:
      function: std
      source: rh98
      dtype: float32
      attrs: {long_name: standard deviation of canopy height (RH98), units: m}
    rh98_q25:
      function: quantile
      source: rh98
      params: {q: 0.25}
      dtype: float32
      attrs: {long_name: lower quartile of canopy height (RH98), units: m}
    rh98_median:
      function: median
      source: rh98
      dtype: float32
      attrs: {long_name: median canopy height (RH98), units: m}
    rh98_q75:
      function: quantile
      source: rh98
      params: {q: 0.75}
      dtype: float32
      attrs: {long_name: upper quartile of canopy height (RH98), units: m}
    rh98_max:
      function: max
      source: rh98
      dtype: float32
      attrs: {long_name: highest canopy height (RH98), units: m}

output:
  grid:
    type: healpix
    indexing_scheme: nested
    parent_order: 6
    child_order: 12
`;
