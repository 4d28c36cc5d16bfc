/**
 * The world of the recorded answers: CMR's search on loopback, which finds the recorded granules by time, box
 * and name, and a host that has their files and answers ranges.
 */
import fs from "node:fs";
import { sharedData } from "../shared_data.ts";
import { Loopback } from "./loopback.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const FILES: Readonly<Record<string, string>> = {
  "HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif": "cog/HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif",
  "20241011120000-ABOM-L4_GHRSST-SSTfnd-GAMSSA_28km-GLOB-v02.0-fv01.0.nc":
    "netcdf/20241011120000-ABOM-L4_GHRSST-SSTfnd-GAMSSA_28km-GLOB-v02.0-fv01.0.nc",
};

export interface ServeWorld {
  /** CMR's search endpoint. */
  cmrUrl: string;
  /** What `{data}` stands for in the recorded answers. */
  dataUrl: string;
  server: Loopback;
  close(): Promise<void>;
}

export async function startServeWorld(): Promise<ServeWorld> {
  const records: Json = JSON.parse(fs.readFileSync(sharedData("serve/cmr_records.json"), "utf8"));
  const server = await Loopback.start((request, response, body) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (url.pathname.startsWith("/search/")) {
      const asked = body.length > 0 ? new URLSearchParams(new TextDecoder().decode(body)) : url.searchParams;
      const items = url.pathname.endsWith("/granules.umm_json")
        ? granules(records.granules, asked, dataUrl)
        : records.collections.filter((one: Json) =>
          asked.getAll("concept_id[]").includes(one.meta["concept-id"])
        );
      response.writeHead(200, { "content-type": "application/json", "cmr-hits": String(items.length) });
      response.end(JSON.stringify({ hits: items.length, took: 1, items }));
      return;
    }
    const file = FILES[url.pathname.slice(url.pathname.lastIndexOf("/") + 1)];
    if (file === undefined) {
      response.writeHead(404);
      response.end();
      return;
    }
    const size = fs.statSync(sharedData(file)).size;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers.range)) ?? [];
    const first = from === undefined ? 0 : Number(from);
    const last = to === undefined ? size - 1 : Math.min(size - 1, Number(to));
    response.writeHead(from === undefined ? 200 : 206, {
      "accept-ranges": "bytes",
      "content-length": String(last - first + 1),
      ...(from === undefined ? {} : { "content-range": `bytes ${first}-${last}/${size}` }),
    });
    if (request.method === "HEAD") response.end();
    else fs.createReadStream(sharedData(file), { start: first, end: last }).pipe(response);
  });
  const dataUrl = `${server.url}/data`;
  return { cmrUrl: `${server.url}/search`, dataUrl, server, close: () => server.stop() };
}

function granules(all: Json[], asked: URLSearchParams, dataUrl: string): Json[] {
  const collections = asked.getAll("collection_concept_id[]");
  const names = asked.getAll("granule_ur[]");
  const [start, end] = (asked.get("temporal[]") ?? ",").split(",");
  const box = asked.get("bounding_box[]")?.split(",").map(Number);
  return all.filter(({ meta, umm }) => {
    const { BeginningDateTime, EndingDateTime } = umm.TemporalExtent.RangeDateTime;
    if (collections.length > 0 && !collections.includes(meta["collection-concept-id"])) return false;
    if (names.length > 0 && !names.includes(umm.GranuleUR)) return false;
    if (start !== "" && Date.parse(EndingDateTime) < Date.parse(start)) return false;
    if (end !== "" && Date.parse(BeginningDateTime) > Date.parse(end)) return false;
    if (box === undefined) return true;
    const [west, south, east, north] = boxOf(umm.SpatialExtent.HorizontalSpatialDomain.Geometry);
    return west <= box[2] && east >= box[0] && south <= box[3] && north >= box[1];
  }).map((granule) => {
    const text = JSON.stringify(granule).replace(
      /https:\/\/(data\.lpdaac|archive\.podaac)\.[a-z.]+\//g,
      `${dataUrl}/`,
    );
    return JSON.parse(text);
  });
}

function boxOf(geometry: Json): number[] {
  const [rectangle] = geometry.BoundingRectangles ?? [];
  if (rectangle !== undefined) {
    const {
      WestBoundingCoordinate,
      SouthBoundingCoordinate,
      EastBoundingCoordinate,
      NorthBoundingCoordinate,
    } = rectangle;
    return [WestBoundingCoordinate, SouthBoundingCoordinate, EastBoundingCoordinate, NorthBoundingCoordinate];
  }
  const points: Json[] = geometry.GPolygons[0].Boundary.Points;
  const [x, y] = [points.map(({ Longitude }) => Longitude), points.map(({ Latitude }) => Latitude)];
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}
