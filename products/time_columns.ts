/** Where products keep the time of each observation, for configs that do not say it. */

/** Names of datasets beside the latitudes. */
export const TIME_NAMES: readonly string[] = ["delta_time", "time"];

/**
 * Datasets of one value: GPS seconds from 1980-01-06 to where time columns without units begin to count. Of
 * ICESat-2, and of each beam of GEDI.
 */
export const GPS_EPOCHS: readonly string[] = [
  "/ancillary_data/atlas_sdp_gps_epoch",
  "/{group}/ancillary/master_time_epoch",
];
