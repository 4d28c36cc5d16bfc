/** Values at a point: of each granule that has one there. */
import { z } from "zod";
import { transformer } from "../../core/raster/crs/transform.ts";
import { outputOfBox } from "../../core/raster/pixels.ts";
import { areaOfPoint, LONLAT } from "../area/lonlat_area.ts";
import type { DataContext } from "../context.ts";
import { json, nothing } from "../http/operation.ts";
import { badParameter } from "../http/problem.ts";
import { isOfGranule, readParts, withParts } from "../layers/read_granule.ts";
import { LIMIT } from "../parameters/coverage.ts";
import { crsParameter } from "../parameters/crs.ts";
import { readingAt } from "../parameters/reading.ts";
import { granuleFilter, SEARCH } from "../parameters/search.ts";
import type { ServedGranule } from "../search/granules.ts";
import { type Backend, BACKENDS } from "./backends.ts";

/**
 * The side of the pixel around a point, as a part of its coordinates: less than any cell's. A power of two, so
 * that its middle is the point itself, also where that lies on the edge of a cell.
 */
const PIXEL = 2 ** -26;
/** Granules that are read at the same time. */
const AT_ONCE = 4;

const PATH = z.object({
  lon: z.number().meta({ description: "Longitude, or x of coord_crs" }),
  lat: z.number().meta({ description: "Latitude, or y of coord_crs" }),
});

export function addPoint(context: DataContext): void {
  for (const backend of BACKENDS) addOne(context, backend);
}

function addOne(context: DataContext, backend: Backend): void {
  const { api, sources, limits } = context;
  const query = z.object({
    ...SEARCH.shape,
    ...backend.schema.shape,
    items_limit: LIMIT,
    coord_crs: z.string().max(200).optional().meta({
      description: "The system of the coordinates; epsg:4326",
    }),
  });
  api.add({
    method: "get",
    path: `/${backend.name}/point/{lon},{lat}`,
    summary: "Values at a point",
    tag: backend.name,
    heavy: true,
    apart: true,
    pathParameters: PATH,
    query,
    answers: {
      200: { description: "Values of each granule that has one there", types: ["application/json"] },
      204: { description: "No granule is there", types: [] },
    },
    answer: async ({ path: { lon, lat }, query, signal, phases }) => {
      const filter = granuleFilter(query);
      // The parameters are those of the backend's own schema.
      const reading = readingAt(backend.reading(query as never), filter.temporal);
      const crs = crsParameter("coord_crs", query.coord_crs);
      const [longitude, latitude] = transformer(crs, LONLAT).forward(lon, lat);
      if (!(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90)) {
        throw badParameter("lon,lat", "Value error, this is no place on the Earth", `${lon},${lat}`, "path");
      }
      const area = areaOfPoint(longitude, latitude);
      const most = Math.min(query.items_limit ?? limits.granules, limits.granules);
      const size = PIXEL * 2 ** Math.ceil(Math.log2(Math.max(1, Math.abs(lon), Math.abs(lat))));
      // On the edge between two cells: a band's reader takes the lower row, a variable's the larger coordinate.
      const inner = reading.kind === "xarray" ? lat + size / 4 : lat;
      // At a pole there is one cell only.
      const y = crs.geographic ? Math.max(-90 + size / 2, Math.min(90 - size / 2, inner)) : inner;
      const output = outputOfBox(crs, [lon - size / 2, y - size / 2, lon + size / 2, y + size / 2], 1, 1);
      return await sources.with(query, async (source) => {
        const granules = await phases.of("search", () => source.find({ filter, area, most }, signal));
        const assets: PointValues[] = [];
        const failures: { granule: ServedGranule; error: Error }[] = [];
        for (let at = 0; at < granules.length; at += AT_ONCE) {
          const values = granules.slice(at, at + AT_ONCE).map((granule) =>
            withParts(context.reading, granule, reading, async (parts): Promise<PointValues | null> => {
              const read = await readParts(parts, output, reading, signal, phases);
              if (read === undefined) return null;
              const { pixels: { bands, masks }, descriptions } = read;
              return {
                name: granule.row.id,
                values: bands.map((band, i) =>
                  masks[i][0] === 1 && Number.isFinite(band[0]) ? band[0] : null
                ),
                band_names: bands.map((_, i) => `b${i + 1}`),
                band_descriptions: [...descriptions],
              };
            }).catch((error) => {
              if (!isOfGranule(error)) throw error;
              failures.push({ granule, error });
              return null;
            })
          );
          for (const one of await Promise.all(values)) if (one !== null) assets.push(one);
        }
        for (const { granule, error } of failures) context.onGranuleFailure(granule, error);
        if (assets.length === 0 && failures.length > 0) throw failures[0].error;
        return assets.length === 0 ? nothing() : json({ coordinates: [lon, lat], assets });
      });
    },
  });
}

interface PointValues {
  name: string;
  /** Null where there is no value. */
  values: (number | null)[];
  band_names: string[];
  band_descriptions: string[];
}
