import assert from "node:assert/strict";
import { openHdf5 } from "../../../core/observations/open_granule_file.ts";
import { granuleFacts } from "../../../products/granule_facts.ts";
import { openFileSyncSource } from "../../../core/access/file_source.ts";
import { memorySyncSource } from "../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { writeHdf5 } from "../core/hdf5/write_hdf5.ts";

// Attributes printed by h5py. The file of April 2019 states version 002, though its doi ends in 001.
const FACTS: Record<string, [string | null, string | null, string | null]> = {
  "atl06/ATL06_20230816161508_08782002_006_02.h5": [
    "ATL06.006",
    "2023-08-16T16:23:05.579Z",
    "2023-08-16T16:23:23.695Z",
  ],
  "atl06/processed_ATL06_20190416093911_02770303_002_01.h5": [
    "ATL06.002",
    "2019-04-16T09:39:25.835Z",
    "2019-04-16T09:44:36.758Z",
  ],
  "atl08/processed_ATL08_20200821122613_08730802_004_01.h5": [
    "ATL08.004",
    "2020-08-21T12:26:12.920Z",
    "2020-08-21T12:33:36.759Z",
  ],
  "atl03/ATL03_gt1l.h5": ["ATL03.006", "2018-10-14T00:24:44.622Z", "2018-10-14T00:29:54.137Z"],
  "netcdf/20241011120000-ABOM-L4_GHRSST-SSTfnd-GAMSSA_28km-GLOB-v02.0-fv01.0.nc": [
    "GAMSSA_28km-ABOM-L4-GLOB-v01.1.0",
    "2024-10-11T00:00:00.000Z",
    "2024-10-12T00:00:00.000Z",
  ],
  "omi/OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5": [
    "OMSO2e",
    "2004-09-30T12:15:00.000Z",
    "2004-10-02T11:45:00.000Z",
  ],
  "gedi/O15709_01_level2A.h5": ["GEDI02_A", null, null],
  "gedi/GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5": [null, null, null],
};

const iso = (time: number | null) => time === null ? null : new Date(time).toISOString();

Deno.test({
  name: "product and time are what each product's own attributes say",
  ignore: !hasSharedData,
  async fn() {
    for (const [name, expected] of Object.entries(FACTS)) {
      const file = await openHdf5(openFileSyncSource(sharedData(name)));
      const { collection, start, end } = granuleFacts(file);
      assert.deepEqual([collection, iso(start), iso(end)], expected, name);
      file.close();
    }
  },
});

Deno.test({
  name: "where no attribute has the time, datasets with CF units give it",
  ignore: !hasSharedData,
  async fn() {
    const file = await openHdf5(openFileSyncSource(sharedData("gedi/O15709_01_level2A.h5")));
    const { start, end } = granuleFacts(file, ["/BEAM0101/delta_time", "/BEAM0101/none", "/BEAM0101/rh"]);
    // h5py: 117398371.5859… and the same second; 1,358 days and some hours after 2018-01-01.
    assert.equal(
      iso(start)!.slice(0, 16),
      new Date(Date.UTC(2018, 0, 1) + 117398372e3).toISOString().slice(0, 16),
    );
    assert.ok(end! >= start!);
    file.close();
  },
});

Deno.test("fill values and unfilled fields are no times and no products", async () => {
  const bytes = await writeHdf5((file) => {
    file.create_attribute("time_coverage_start", "SET_BY_PGE");
    file.create_attribute("short_name", "ATL99");
    const time = file.create_dataset({ name: "time", data: Float64Array.of(-1, 2, 3) });
    time.create_attribute("units", "hours since 2020-02-29 12:00:00");
    time.create_attribute("_FillValue", Float64Array.of(-1), []);
  });
  const file = await openHdf5(memorySyncSource("t.h5", bytes));
  const facts = granuleFacts(file, ["/time"]);
  assert.deepEqual([facts.collection, iso(facts.start), iso(facts.end)], [
    "ATL99",
    "2020-02-29T15:00:00.000Z",
    "2020-02-29T15:00:00.000Z",
  ]);
});
