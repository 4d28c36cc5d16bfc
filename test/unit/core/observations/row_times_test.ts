import assert from "node:assert/strict";
import type { ReadRequest, TimeRequest } from "../../../../core/observations/contract.ts";
import { readGranule } from "../../../../core/observations/granule.ts";
import { openHdf5 } from "../../../../core/observations/open_granule_file.ts";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { GPS_EPOCHS, TIME_NAMES } from "../../../../products/time_columns.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { memorySyncSource } from "../../../support/memory_source.ts";
import { type Hdf5Writer, writeHdf5 } from "../hdf5/write_hdf5.ts";

const LOOKING: TimeRequest = { path: null, units: null, names: TIME_NAMES, gpsEpochs: GPS_EPOCHS };
const BEAM: ReadRequest = {
  groups: ["gt1l"],
  latitude: "/{group}/lat",
  longitude: "/{group}/lon",
  columns: [],
  filters: [],
};

async function timesOf(
  build: (beam: Hdf5Writer, file: Hdf5Writer) => void,
  times: Partial<TimeRequest> = {},
) {
  const bytes = await writeHdf5((file) => {
    const beam = file.create_group("gt1l");
    for (const name of ["lat", "lon"]) beam.create_dataset({ name, data: Float64Array.of(1, 2, 3) });
    build(beam, file);
  });
  const file = await openHdf5(memorySyncSource("t.h5", bytes));
  const groups = readGranule(file, { ...BEAM, times: { ...LOOKING, ...times } });
  const first = groups.next();
  const last = groups.next();
  return {
    times: first.done ? undefined : first.value.times && [...first.value.times],
    warnings: last.done ? last.value.warnings : [],
  };
}

const EPOCH_2018 = Date.UTC(2018, 0, 1) / 1000;

Deno.test("times are found beside the latitudes, in the units that the dataset says", async () => {
  const { times } = await timesOf((beam) => {
    const time = beam.create_dataset({ name: "delta_time", data: Float64Array.of(0.25, -1, 86400) });
    time.create_attribute("units", "seconds since 2018-01-01");
    time.create_attribute("_FillValue", Float64Array.of(-1), []);
  });
  assert.deepEqual(times, [EPOCH_2018 + 0.25, NaN, EPOCH_2018 + 86400]);
});

Deno.test("a column without units counts from the GPS epoch of its product", async () => {
  const whole = await timesOf((beam, file) => {
    beam.create_dataset({ name: "delta_time", data: Float64Array.of(0, 1, 2) });
    const ancillary = file.create_group("ancillary_data");
    ancillary.create_dataset({ name: "atlas_sdp_gps_epoch", data: Float64Array.of(1198800018) });
  });
  const ofBeam = await timesOf((beam) => {
    beam.create_dataset({ name: "delta_time", data: Float64Array.of(0, 1, 2) });
    beam.create_group("ancillary").create_dataset({
      name: "master_time_epoch",
      data: Float64Array.of(1198800018),
    });
  });
  for (const { times } of [whole, ofBeam]) assert.deepEqual(times, [0, 1, 2].map((s) => EPOCH_2018 + s));
});

Deno.test("a column that is named, with units that are named, is taken; packed ones are unpacked", async () => {
  const { times } = await timesOf((beam) => {
    const time = beam.create_dataset({ name: "t", data: Int32Array.of(0, 10, 25) });
    time.create_attribute("scale_factor", Float64Array.of(0.1), []);
  }, { path: "/{group}/t", units: "days since 2020-01-01" });
  assert.deepEqual(times, [0, 1, 2.5].map((days) => Date.UTC(2020, 0, 1) / 1000 + 86400 * days));
});

Deno.test("where no time is to be had it is said why; one that is named has to be there", async () => {
  const cases: [(beam: Hdf5Writer) => void, RegExp][] = [
    [() => {}, /there is no \/gt1l\/delta_time and no \/gt1l\/time/],
    [
      (beam) => beam.create_dataset({ name: "time", data: Float64Array.of(1, 2) }),
      /has shape 2, not one time/,
    ],
    [(beam) => beam.create_dataset({ name: "time", data: Float64Array.of(1, 2, 3) }), /says no units/],
  ];
  for (const [build, why] of cases) {
    const { times, warnings } = await timesOf(build);
    assert.equal(times, undefined);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], why);
    await assert.rejects(timesOf(build, { path: "/{group}/time" }), /no times of observations/);
  }
});

Deno.test({
  name: "times of a real granule are those that its metadata says",
  ignore: !hasSharedData,
  fn: async () => {
    const file = await openHdf5(
      openFileSyncSource(sharedData("atl06/ATL06_20230816161508_08782002_006_02.h5")),
    );
    const places = {
      latitude: "/{group}/land_ice_segments/latitude",
      longitude: "/{group}/land_ice_segments/longitude",
    };
    const groups = [...readGranule(file, { ...BEAM, groups: ["gt*"], ...places, times: LOOKING })];
    file.close();
    // The metadata's range is that of the first beam; the others begin and end within a second of it.
    assert.ok(Math.abs(groups[0].times![0] - Date.parse("2023-08-16T16:23:05.579207Z") / 1000) < 1e-3);
    for (const { times } of groups) {
      for (const time of times!) {
        assert.ok(time > Date.parse("2023-08-16T16:23:04.579Z") / 1000);
        assert.ok(time < Date.parse("2023-08-16T16:23:24.696Z") / 1000);
      }
    }
  },
});
