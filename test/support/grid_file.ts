/** A small netCDF-4 file of grids, written by libhdf5: half-hourly rain, temperature on two levels, land classes. */
import { writeHdf5 } from "../unit/core/hdf5/write_hdf5.ts";

/** Rows from the south, columns from 0 to 360, as many models have them. */
const WIDTH = 40;
const HEIGHT = 20;
const STEPS = 2;

/** Its bytes. `rain` is (time, lat, lon), `t` (level, lat, lon) packed, `class` (lat, lon), `track` no grid. */
export function gridFile(): Promise<Uint8Array> {
  const cells = WIDTH * HEIGHT;
  return writeHdf5((file) => {
    const dimension = (name: string, values: number[], units: string) =>
      file.create_dataset({ name, data: Float64Array.from(values) }).create_attribute("units", units);
    dimension("time", [0, 30], "minutes since 2024-01-01 00:00:00");
    dimension("level", [500, 850, 1000], "hPa");
    dimension("lat", Array.from({ length: HEIGHT }, (_, i) => -85.5 + 9 * i), "degrees_north");
    dimension("lon", Array.from({ length: WIDTH }, (_, i) => 4.5 + 9 * i), "degrees_east");
    const rain = file.create_dataset({
      name: "rain",
      data: Float32Array.from({ length: STEPS * cells }, (_, i) => i % 7 === 0 ? -9999 : i % 50 / 8),
      shape: [STEPS, HEIGHT, WIDTH],
    });
    rain.create_attribute("DimensionNames", "time,lat,lon");
    rain.create_attribute("units", "mm/hr");
    rain.create_attribute("_FillValue", Float32Array.of(-9999), [1]);
    const temperature = file.create_dataset({
      name: "t",
      data: Int16Array.from({ length: 3 * cells }, (_, i) => i % 900),
      shape: [3, HEIGHT, WIDTH],
    });
    temperature.create_attribute("DimensionNames", "level,lat,lon");
    temperature.create_attribute("scale_factor", Float64Array.of(0.1), [1]);
    temperature.create_attribute("add_offset", Float64Array.of(200), [1]);
    temperature.create_attribute("units", "K");
    file.create_dataset({ name: "class", data: new Uint8Array(cells).fill(3), shape: [HEIGHT, WIDTH] });
    file.create_dataset({ name: "track", data: new Float32Array(21), shape: [3, 7] });
  });
}
