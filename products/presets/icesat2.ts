/** ICESat-2's products beside ATL06 and ATL08: photons, sea ice, parts of 20 m, repeated heights, inland water. */
import { cellsText, ICESAT2_GROUPS, usualVariables } from "./preset_text.ts";

/** ATL03: photons, with values of the geolocation segments that they belong to. */
export const ATL03 =
  `# ICESat-2 ATL03, photons: heights of signal photons a cell, and above the reference DEM of their segments.
data_source:
  reader: hdf5
  collections: ["ATL03.*"]
  groups: ${ICESAT2_GROUPS}
  coordinates:
    latitude: "/{group}/heights/lat_ph"
    longitude: "/{group}/heights/lon_ph"
  variables:
    h_ph: "/{group}/heights/h_ph"
  base_level: photons
  levels:
    photons:
      path: "/{group}/heights"
      link: null
    segments:
      path: "/{group}/geolocation"
      variables:
        dem_h: "/{group}/geophys_corr/dem_h"
      link:
        to: photons
        index_beg: "/{group}/geolocation/ph_index_beg"
        count: "/{group}/geolocation/segment_ph_cnt"
        index_base: 1
  # Photons of medium or high confidence for any kind of surface (land, ocean, sea ice, land ice, inland water), of
  # nominal quality, in segments of nominal pointing.
  filters:
    - any:
        - {dataset: "/{group}/heights/signal_conf_ph", column: 0, op: ge, value: 3}
        - {dataset: "/{group}/heights/signal_conf_ph", column: 1, op: ge, value: 3}
        - {dataset: "/{group}/heights/signal_conf_ph", column: 2, op: ge, value: 3}
        - {dataset: "/{group}/heights/signal_conf_ph", column: 3, op: ge, value: 3}
        - {dataset: "/{group}/heights/signal_conf_ph", column: 4, op: ge, value: 3}
    - {dataset: "/{group}/heights/quality_ph", op: eq, value: 0}
    - {level: segments, dataset: "/{group}/geolocation/podppd_flag", op: eq, value: 0}
${
    cellsText([
      ...usualVariables("h_ph", "photon height above the ellipsoid", "m", "h"),
      ["dem_difference", "mean", '"h_ph - dem_h"', "mean height of photons above the reference DEM", "m"],
    ])
  }`;

/** ATL07: sea ice heights. */
export const ATL07 = `# ICESat-2 ATL07, sea ice height: heights of segments above the mean sea surface a cell.
data_source:
  reader: hdf5
  collections: ["ATL07.*"]
  groups: ${ICESAT2_GROUPS}
  coordinates:
    latitude: "/{group}/sea_ice_segments/latitude"
    longitude: "/{group}/sea_ice_segments/longitude"
  variables:
    h: "/{group}/sea_ice_segments/heights/height_segment_height"
  # 1 is a good fit of the photons' heights.
  filters:
    - {dataset: "/{group}/sea_ice_segments/heights/height_segment_quality", op: eq, value: 1}
${cellsText(usualVariables("h", "height above the mean sea surface", "m"))}`;

/** ATL08's fifths of 20 m, with flags of their segments of 100 m. */
export const ATL08_20M = `# ICESat-2 ATL08, land and vegetation height: the 20 m parts of each 100 m segment.
data_source:
  reader: hdf5
  collections: ["ATL08.*"]
  groups: ${ICESAT2_GROUPS}
  coordinates:
    latitude: "/{group}/land_segments/latitude_20m[:,:]"
    longitude: "/{group}/land_segments/longitude_20m[:,:]"
  variables:
    h_te: "/{group}/land_segments/terrain/h_te_best_fit_20m[:,:]"
    h_canopy: "/{group}/land_segments/canopy/h_canopy_20m[:,:]"
  base_level: parts
  levels:
    parts:
      link: null
    segments:
      path: "/{group}/land_segments"
      link: {to: parts, repeat: true}
  # As of the 100 m segments: too many photons removed, or likely under cloud.
  filters:
    - {level: segments, dataset: "/{group}/land_segments/dem_removal_flag", op: eq, value: 0}
    - {level: segments, dataset: "/{group}/land_segments/ph_removal_flag", op: eq, value: 0}
    - {level: segments, dataset: "/{group}/land_segments/layer_flag", op: eq, value: 0}
${
  cellsText([
    ...usualVariables("h_te", "terrain height of 20 m", "m", "te"),
    ["canopy_count", "count", "h_canopy", "number of 20 m parts with canopy", "1"],
    ["canopy_mean", "mean", "h_canopy", "mean canopy height above terrain", "m"],
    ["canopy_median", "median", "h_canopy", "median canopy height above terrain", "m"],
    ["canopy_max", "max", "h_canopy", "greatest canopy height above terrain", "m"],
  ])
}`;

/** ATL10: sea ice freeboard. */
export const ATL10 =
  `# ICESat-2 ATL10, sea ice freeboard: freeboards of segments a cell (versions 6 and later).
data_source:
  reader: hdf5
  collections: ["ATL10.*"]
  groups: ${ICESAT2_GROUPS}
  coordinates:
    latitude: "/{group}/freeboard_segment/latitude"
    longitude: "/{group}/freeboard_segment/longitude"
  variables:
    freeboard: "/{group}/freeboard_segment/beam_fb_height"
${cellsText(usualVariables("freeboard", "freeboard", "m"))}`;

/** ATL11: heights of reference points in every cycle. */
export const ATL11 =
  `# ICESat-2 ATL11, land ice height of repeated tracks: corrected heights of reference points, each cycle a row.
data_source:
  reader: hdf5
  collections: ["ATL11.*"]
  groups: [pt1, pt2, pt3]
  coordinates:
    latitude: "/{group}/latitude"
    longitude: "/{group}/longitude"
    level: points
    time: "/{group}/delta_time[:,:]"
  variables:
    h_corr: "/{group}/h_corr[:,:]"
    h_corr_sigma: "/{group}/h_corr_sigma[:,:]"
  base_level: cycles
  levels:
    cycles:
      link: null
    points:
      path: "/{group}"
      link: {to: cycles, repeat: true}
  # 0 is the best quality.
  filters:
    - {dataset: "/{group}/quality_summary[:,:]", op: eq, value: 0}
${
    cellsText([
      ...usualVariables("h_corr", "corrected height", "m", "h"),
      ["h_first", "first", "h_corr", "corrected height of the first cycle", "m"],
      ["h_last", "last", "h_corr", "corrected height of the last cycle", "m"],
      ["sigma_mean", "mean", "h_corr_sigma", "mean error of the corrected height", "m"],
    ])
  }`;

/** ATL13: inland water surface height. */
export const ATL13 = `# ICESat-2 ATL13, inland water surface height: heights of short segments a cell.
data_source:
  reader: hdf5
  collections: ["ATL13.*"]
  groups: ${ICESAT2_GROUPS}
  coordinates:
    latitude: "/{group}/segment_lat"
    longitude: "/{group}/segment_lon"
  variables:
    h: "/{group}/ht_water_surf"
    h_ortho: "/{group}/ht_ortho"
${
  cellsText([
    ...usualVariables("h", "water surface height above the ellipsoid", "m"),
    ["h_ortho_mean", "mean", "h_ortho", "mean orthometric height of the water surface", "m"],
  ])
}`;
