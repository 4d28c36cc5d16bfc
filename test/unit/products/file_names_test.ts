import assert from "node:assert/strict";
import { granuleFromName } from "../../../products/file_names.ts";

Deno.test("names of gridded products tell product, version and span", () => {
  const iso = (time: number | null) => time === null ? null : new Date(time).toISOString();
  const cases: readonly [
    name: string,
    collection: string | null,
    start: string | null,
    end: string | null,
  ][] = [
    [
      "OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5",
      "OMSO2e.004",
      "2004-10-01T00:00:00.000Z",
      "2004-10-01T23:59:59.999Z",
    ],
    [
      "3B-HHR.MS.MRG.3IMERG.20200229-S233000-E235959.1410.V06B.HDF5",
      "GPM_3IMERGHH.06",
      "2020-02-29T23:30:00.000Z",
      "2020-02-29T23:59:59.999Z",
    ],
    [
      "3B-MO.MS.MRG.3IMERG.20200201-S000000-E235959.02.V07B.HDF5",
      "GPM_3IMERGM.07",
      "2020-02-01T00:00:00.000Z",
      "2020-02-29T23:59:59.999Z",
    ],
    [
      "MERRA2_400.tavg1_2d_slv_Nx.20210107.nc4",
      "M2T1NXSLV.5.12.4",
      "2021-01-07T00:00:00.000Z",
      "2021-01-07T23:59:59.999Z",
    ],
    [
      "MERRA2_400.tavgM_2d_slv_Nx.202112.nc4",
      "M2TMNXSLV.5.12.4",
      "2021-12-01T00:00:00.000Z",
      "2021-12-31T23:59:59.999Z",
    ],
    [
      "20190701090000-JPL-L4_GHRSST-SSTfnd-MUR-GLOB-v02.0-fv04.1.nc",
      "MUR-JPL-L4-GLOB-v4.1.4.1",
      "2019-07-01T09:00:00.000Z",
      null,
    ],
    ["HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif", "HLSL30.2.0", "2024-10-09T16:51:35.000Z", null],
    ["anything.nc", null, null, null],
  ];
  for (const [name, collection, start, end] of cases) {
    const found = granuleFromName(name);
    assert.deepEqual([found.collection, iso(found.start), iso(found.end)], [collection, start, end], name);
  }
});
