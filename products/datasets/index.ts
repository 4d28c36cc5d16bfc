/** Datasets that come with granary, by name: the YAML that publishes each, to begin with. */
import { GHRSST_MUR } from "./ghrsst_mur.ts";
import { GPM_3IMERGM } from "./gpm_3imergm.ts";
import { HLS_FMASK } from "./hls_fmask.ts";
import { MERRA2_SLV } from "./merra2_slv.ts";
import { OMDOAO3E } from "./omdoao3e.ts";
import { OMNO2D } from "./omno2d.ts";
import { OMSO2E } from "./omso2e.ts";
import { OMTO3D } from "./omto3d.ts";

const DATASETS: Readonly<Record<string, string>> = {
  ghrsst_mur: GHRSST_MUR,
  gpm_3imergm: GPM_3IMERGM,
  hls_fmask: HLS_FMASK,
  merra2_slv: MERRA2_SLV,
  omdoao3e: OMDOAO3E,
  omno2d: OMNO2D,
  omso2e: OMSO2E,
  omto3d: OMTO3D,
};

export const DATASET_NAMES: readonly string[] = Object.keys(DATASETS);

/** The YAML of a dataset, or undefined for a name that is none. */
export function datasetText(name: string): string | undefined {
  return Object.hasOwn(DATASETS, name) ? DATASETS[name] : undefined;
}
