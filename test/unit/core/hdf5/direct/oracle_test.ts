import assert from "node:assert/strict";
import fs from "node:fs";
import { openHdf5 } from "../../../../../core/observations/open_granule_file.ts";
import { openFileSyncSource } from "../../../../../core/access/file_source.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import { compareFiles } from "../compare_files.ts";

/** Datasets of numbers by folder, counted with h5py. */
const FOLDERS: Record<string, { files: number; numbers: number; refused: Record<string, RegExp> }> = {
  atl03: { files: 1, numbers: 80, refused: {} },
  atl06: { files: 11, numbers: 4978, refused: {} },
  atl08: { files: 1, numbers: 445, refused: {} },
  gedi: { files: 3, numbers: 560, refused: {} },
  hdf5: {
    files: 6,
    numbers: 8,
    refused: {
      "/scaleoffset": /does not read the filter scaleoffset/,
      "/szip": /does not read the filter szip/,
    },
  },
  netcdf: { files: 1, numbers: 8, refused: {} },
  omi: { files: 2, numbers: 20, refused: {} },
};

for (const [folder, { files, numbers, refused }] of Object.entries(FOLDERS)) {
  Deno.test({
    name: `the direct reader gives libhdf5's bytes for every dataset of data/${folder}`,
    ignore: !hasSharedData,
    async fn() {
      const names = fs.readdirSync(sharedData(folder));
      assert.equal(names.length, files);
      let compared = 0;
      const seen: Record<string, string> = {};
      for (const name of names) {
        const path = sharedData(`${folder}/${name}`);
        const direct = await openHdf5(openFileSyncSource(path), { reader: "direct" });
        const library = await openHdf5(openFileSyncSource(path), { reader: "h5wasm" });
        const comparison = compareFiles(direct, library, name === names[0]);
        compared += comparison.equal + Object.keys(comparison.refused).length;
        Object.assign(seen, comparison.refused);
        direct.close();
        library.close();
      }
      assert.equal(compared, numbers);
      assert.deepEqual(Object.keys(seen), Object.keys(refused));
      for (const [path, message] of Object.entries(refused)) assert.match(seen[path], message);
    },
  });
}

// Spot values printed by h5py 3.
const SPOTS: [string, string, string, number[], Record<number, number | bigint>][] = [
  ["atl06/ATL06_20230816161508_08782002_006_02.h5", "/gt1l/land_ice_segments/h_li", "<f4", [1099], {
    0: 84.32156372070312,
    366: 18.99995231628418,
    549: 19.296005249023438,
    1098: 18.490751266479492,
  }],
  ["atl06/ATL06_20230816161508_08782002_006_02.h5", "/gt3r/land_ice_segments/segment_id", "<i4", [1283], {
    0: 323287,
    427: 324804,
    641: 325025,
    1282: 325669,
  }],
  ["atl06/processed_ATL06_20190613065109_11610303_002_01.h5", "/gt2r/land_ice_segments/latitude", "<f8", [
    2811,
  ], { 0: 71.54509383552737, 937: 71.71170471598188, 1405: 71.79491383739219, 2810: 72.05144101344433 }],
  [
    "atl06/processed_ATL06_20190613065109_11610303_002_01.h5",
    "/gt2r/land_ice_segments/atl06_quality_summary",
    "|i1",
    [2811],
    { 0: 0, 937: 0, 1405: 0, 2810: 1 },
  ],
  [
    "atl08/processed_ATL08_20200821122613_08730802_004_01.h5",
    "/gt1l/land_segments/canopy/canopy_h_metrics",
    "<f4",
    [14, 18],
    {
      0: 3.4028234663852886e+38,
      84: 3.4028234663852886e+38,
      126: 3.4028234663852886e+38,
      251: 23.403900146484375,
    },
  ],
  ["atl03/ATL03_gt1l.h5", "/gt1l/heights/signal_conf_ph", "|i1", [2909, 5], {
    0: -1,
    4848: -1,
    7272: 4,
    14544: -1,
  }],
  ["gedi/O15709_01_level2A.h5", "/BEAM0101/shot_number", "<u8", [20], {
    0: 157090500100167351n,
    6: 157090500100167357n,
    10: 157090500100167361n,
    19: 157090500100167370n,
  }],
  ["gedi/O15709_01_level2A.h5", "/BEAM0101/rh", "<f4", [20, 101], {
    0: -6.03000020980835,
    673: 1.159999966621399,
    1010: -2.2799999713897705,
    2019: 23.489999771118164,
  }],
  ["hdf5/SDS_fle_shuf_def.h5", "/IntArray", "<i4", [6, 8], { 0: 0, 16: 2, 24: 3, 47: 12 }],
  ["hdf5/chunked_shufzip_twoD.h5", "/d_4_shufzip_chunks", "<f4", [100, 100], {
    0: 0,
    3333: 3333,
    5000: 5000,
    9999: 9999,
  }],
  ["hdf5/compressed.h5", "/gzip_shuffle", "<f8", [100, 100], {
    0: 0.04373884870868472,
    3333: 0.26741571478056647,
    5000: 0.03887461485662991,
    9999: 0.27014370755826167,
  }],
  ["netcdf/20241011120000-ABOM-L4_GHRSST-SSTfnd-GAMSSA_28km-GLOB-v02.0-fv01.0.nc", "/analysed_sst", "<i2", [
    1,
    720,
    1440,
  ], { 0: -32768, 345600: 2047, 518400: 2836, 1036799: -179 }],
  [
    "omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5",
    "/HDFEOS/GRIDS/OMI Column Amount O3/Data Fields/ColumnAmountO3",
    "<f4",
    [180, 360],
    {
      0: -1.2676506002282294e+30,
      21600: 253.6999969482422,
      32400: 242.3000030517578,
      64799: -1.2676506002282294e+30,
    },
  ],
];

Deno.test({
  name: "values are the ones that h5py prints, by both readers",
  ignore: !hasSharedData,
  async fn() {
    for (const reader of ["direct", "h5wasm"] as const) {
      for (const [file, path, dtype, shape, values] of SPOTS) {
        const open = await openHdf5(openFileSyncSource(sharedData(file)), { reader });
        const dataset = open.dataset(path)!;
        assert.equal(dataset.dtype, dtype, path);
        assert.deepEqual([...dataset.shape], shape, path);
        const elements = dataset.read(0, shape[0]);
        for (const [at, value] of Object.entries(values)) {
          assert.equal(elements[Number(at)], value, `${path} ${at}`);
        }
        open.close();
      }
    }
  },
});
