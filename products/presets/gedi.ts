/** GEDI's products beside L2A: canopy cover and profiles, biomass. */
import { cellsText, GEDI_GROUPS, usualVariables } from "./preset_text.ts";

/** L2B: canopy cover and vertical profile. */
export const GEDI_L2B = `# GEDI L2B, canopy cover and vertical profile metrics a cell.
data_source:
  reader: hdf5
  collections: ["GEDI02_B", "GEDI02_B.*"]
  groups: ${GEDI_GROUPS}
  coordinates:
    latitude: "/{group}/geolocation/lat_lowestmode"
    longitude: "/{group}/geolocation/lon_lowestmode"
  variables:
    cover: "/{group}/cover"
    pai: "/{group}/pai"
    fhd: "/{group}/fhd_normal"
  filters:
    - {dataset: "/{group}/l2b_quality_flag", op: eq, value: 1}
    - {dataset: "/{group}/geolocation/degrade_flag", op: eq, value: 0}
    - {dataset: "/{group}/sensitivity", op: ge, value: 0.9}
${
  cellsText([
    ...usualVariables("cover", "canopy cover", "1"),
    ["pai_mean", "mean", "pai", "mean plant area index", "m2 m-2"],
    ["pai_median", "median", "pai", "median plant area index", "m2 m-2"],
    ["fhd_mean", "mean", "fhd", "mean foliage height diversity", "1"],
  ])
}`;

/** L4A: above-ground biomass density of footprints. */
export const GEDI_L4A = `# GEDI L4A, above-ground biomass density of footprints a cell.
data_source:
  reader: hdf5
  # At ORNL the collection has its whole title for a name.
  collections: ["GEDI04_A", "GEDI04_A.*", "GEDI_L4A_*"]
  groups: ${GEDI_GROUPS}
  coordinates:
    latitude: "/{group}/lat_lowestmode"
    longitude: "/{group}/lon_lowestmode"
  variables:
    agbd: "/{group}/agbd"
    agbd_se: "/{group}/agbd_se"
  filters:
    - {dataset: "/{group}/l4_quality_flag", op: eq, value: 1}
    - {dataset: "/{group}/degrade_flag", op: eq, value: 0}
${
  cellsText([
    ...usualVariables("agbd", "above-ground biomass density", "Mg ha-1"),
    ["agbd_se_mean", "mean", "agbd_se", "mean standard error of the biomass density", "Mg ha-1"],
  ])
}`;
