/** Axes that files write in other units, round another way, or without a moment; parameters that are no numbers. */
import assert from "node:assert/strict";
import type { Hdf5Writer } from "../hdf5/write_hdf5.ts";
import { attributes, axis, madeGrid, madeGrids, steps, wholeBands } from "./grid_files.ts";

/** A grid of 4 x 3 cells over projected axes in `units`, with a grid mapping of these attributes. */
function projected(units: string, mapping: Record<string, string | number | number[]>) {
  return (file: Hdf5Writer): void => {
    axis(file, "y", steps(3000, -1000, 3), { units, standard_name: "projection_y_coordinate" });
    axis(file, "x", steps(500, 1000, 4), { units, standard_name: "projection_x_coordinate" });
    attributes(file.create_dataset({ name: "crs", data: Int32Array.of(0) }), mapping);
    const value = file.create_dataset({ name: "value", data: new Float32Array(12), shape: [3, 4] });
    attributes(value, { DimensionNames: "y,x", grid_mapping: "crs" });
  };
}

const LAMBERT = {
  grid_mapping_name: "lambert_conformal_conic",
  standard_parallel: [33, 45],
  latitude_of_projection_origin: 39,
  longitude_of_central_meridian: -96,
  semi_major_axis: 6378137,
  inverse_flattening: 298.257222101,
};

Deno.test("axes in kilometres and feet are put into the unit of their reference system", async () => {
  const metres = async (units: string, mapping = LAMBERT) =>
    (await madeGrid(projected(units, mapping))).affine[0];
  assert.equal(await metres("m"), 1000);
  assert.equal(await metres("km"), 1_000_000);
  assert.equal(await metres("foot"), 304.8);
  assert.ok(Math.abs(await metres("US survey foot") - 1_200_000 / 3937) < 1e-6);
});

Deno.test("feet under a system of feet stay as they are", async () => {
  const grid = await madeGrid(projected("us_survey_foot", { epsg_code: "EPSG:2263" } as never));
  assert.equal(grid.crs.code, "EPSG:2263");
  assert.deepEqual(grid.affine, [1000, 0, 0, 0, -1000, 3500]);
});

Deno.test("a parameter of a projection that is no number is refused, not passed over", async () => {
  for (
    const wrong of [{ latitude_of_projection_origin: "north" }, { standard_parallel: [NaN, NaN] }, {
      longitude_of_central_meridian: NaN,
    }]
  ) {
    const file = await madeGrids(projected("m", { ...LAMBERT, ...wrong }));
    assert.deepEqual(file.refused.map(({ rule }) => rule), ["projection"]);
    assert.match(
      file.refused[0].reason,
      new RegExp(`the parameter ${Object.keys(wrong)[0]}, which is no number`),
    );
  }
});

Deno.test("longitudes that jump at the antimeridian run on", async () => {
  // The same grid from -180 is what it must become.
  const longitudes = [...steps(15, 30, 6), ...steps(-165, 30, 6)];
  const grid = await madeGrid((file) => {
    axis(file, "lat", [45, -45], { units: "degrees_north" });
    axis(file, "lon", longitudes, { units: "degrees_east" });
    const data = Float32Array.from([...longitudes, ...longitudes]);
    const value = file.create_dataset({ name: "value", data, shape: [2, 12] });
    value.create_attribute("DimensionNames", "lat,lon");
  });
  assert.deepEqual(grid.affine, [30, 0, -180, 0, -90, 90]);
  const [values] = await wholeBands(grid);
  assert.deepEqual([...values.subarray(0, 12)], steps(-165, 30, 12));
});

Deno.test("steps without a moment, and times in words that are not decoded, are noted", async () => {
  const notes = async (units: string, calendar: string, times: number[]) => {
    const grid = await madeGrid((file) => {
      axis(file, "time", times, { units, calendar });
      axis(file, "lat", [45, -45], { units: "degrees_north" });
      axis(file, "lon", steps(-150, 60, 6), { units: "degrees_east" });
      const data = new Float32Array(times.length * 12);
      const value = file.create_dataset({ name: "value", data, shape: [times.length, 2, 6] });
      value.create_attribute("DimensionNames", "time,lat,lon");
    });
    return grid.notes.filter((note) => note.includes("/time"));
  };
  // Day 59 of this calendar's year is 30 February.
  assert.match(
    (await notes("days since 2001-01-01", "360_day", [57, 58, 59]))[0],
    /2 steps of \/time have no moment/,
  );
  assert.match(
    (await notes("days since 2001-01-01", "standard", [NaN, 1, 2]))[0],
    /1 step of \/time has no moment/,
  );
  assert.match(
    (await notes("day as %Y%m%d.%f", "standard", [20010101, 20010102, 20010103]))[0],
    /not decoded/,
  );
  assert.deepEqual(await notes("days since 2001-1-1 0:0:0.0", "standard", [0, 1, 2]), []);
});

Deno.test("a projected system that is asked for goes before axes in degrees, and is told of", async () => {
  const build = (file: Hdf5Writer) => {
    axis(file, "lat", steps(10, -1, 3), { units: "degrees_north" });
    axis(file, "lon", steps(20, 1, 4), { units: "degrees_east" });
    file.create_dataset({ name: "value", data: new Float32Array(12), shape: [3, 4] });
  };
  const told = (notes: readonly string[]) =>
    notes.some((note) => /stated in degrees.*as was asked/.test(note));
  const asked = await madeGrid(build, { crs: "EPSG:3857" });
  assert.deepEqual([asked.crs.code, told(asked.notes)], ["EPSG:3857", true]);
  assert.equal(told((await madeGrid(build, { crs: "EPSG:4326" })).notes), false);
  assert.equal(told((await madeGrid(build)).notes), false);
});
