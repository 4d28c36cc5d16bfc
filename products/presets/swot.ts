/** SWOT's products of points: the pixel cloud over land, and the nadir altimeter. */
import { cellsText, usualVariables } from "./preset_text.ts";

/** L2 HR PIXC: the pixel cloud. */
export const SWOT_PIXC = `# SWOT L2 HR PIXC, water mask pixel cloud: heights of water above the geoid a cell.
data_source:
  reader: hdf5
  collections: ["SWOT_L2_HR_PIXC*", "L2_HR_PIXC*"]
  groups: [pixel_cloud]
  coordinates:
    latitude: "/{group}/latitude"
    longitude: "/{group}/longitude"
    time: "/{group}/illumination_time"
  variables:
    height: "/{group}/height"
    geoid: "/{group}/geoid"
    pixel_area: "/{group}/pixel_area"
  # Water near land and open water.
  filters:
    - {dataset: "/{group}/classification", op: in, value: [3, 4]}
${
  cellsText([
    ...usualVariables('"height - geoid"', "height of water above the geoid", "m", "h"),
    ["water_area", "sum", "pixel_area", "area of the water pixels", "m2"],
  ])
}`;

/** L2 nadir altimetry. */
export const SWOT_NADIR =
  `# SWOT L2 nadir altimeter (NALT), data of 1 Hz: sea surface height anomaly and wave height a cell.
data_source:
  reader: hdf5
  collections: ["SWOT_L2_NALT_*", "L2_NALT_*"]
  groups: [data_01]
  coordinates:
    latitude: "/{group}/latitude"
    longitude: "/{group}/longitude"
    time: "/{group}/time"
  variables:
    ssha: "/{group}/ku/ssha"
    swh: "/{group}/ku/swh_ocean"
  # Open ocean.
  filters:
    - {dataset: "/{group}/surface_classification_flag", op: eq, value: 0}
${
    cellsText([
      ...usualVariables("ssha", "sea surface height anomaly", "m"),
      ["swh_mean", "mean", "swh", "mean significant wave height", "m"],
      ["swh_max", "max", "swh", "greatest significant wave height", "m"],
    ])
  }`;
