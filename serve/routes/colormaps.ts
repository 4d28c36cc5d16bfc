/** Colormaps: which there are, and the colours of each, as JSON or as a picture. */
import { z } from "zod";
import { itemLink } from "./item_link.ts";
import { COLORMAP_NAMES, namedColormap } from "../../core/raster/colour/colormaps.ts";
import { encodePng } from "../../core/raster/encode/png.ts";
import type { ServeContext } from "../context.ts";
import { json } from "../http/operation.ts";

const NONE = z.object({});
/** A picture of a map: pixels of a colour, and of the shorter side. */
const PIXELS_A_COLOUR = 1;
const THICKNESS = 20;

const PICTURE = z.object({
  f: z.enum(["json", "png"]).default("json").meta({ description: "JSON, or a picture of the colours" }),
  orientation: z.enum(["horizontal", "vertical"]).default("horizontal")
    .meta({ description: "Of the picture; low values are on the left, or at the bottom" }),
});

export function addColormaps({ api }: ServeContext): void {
  api.add({
    method: "get",
    path: "/colorMaps",
    summary: "Colormaps",
    tag: "reference",
    pathParameters: NONE,
    query: NONE,
    answers: { 200: { description: "Names and links", types: ["application/json"] } },
    answer: ({ baseUrl }) =>
      json({
        colormaps: COLORMAP_NAMES,
        links: COLORMAP_NAMES.map((name) =>
          itemLink(`${baseUrl}/colorMaps/${name}`, `Definition of ${name} colormap`)
        ),
      }),
  });
  api.add({
    method: "get",
    path: "/colorMaps/{colorMapId}",
    summary: "A colormap",
    tag: "reference",
    pathParameters: z.object({ colorMapId: z.enum([...COLORMAP_NAMES]) }),
    query: PICTURE,
    answers: { 200: { description: "Colours by value", types: ["application/json", "image/png"] } },
    answer: ({ path, query }) => {
      const colours = namedColormap(path.colorMapId);
      return query.f === "png"
        ? { body: pictureOf(colours, query.orientation === "vertical"), type: "image/png" }
        : json(
          Object.fromEntries(
            Array.from({ length: 256 }, (_, i) => [i, [...colours.subarray(3 * i, 3 * i + 3), 255]]),
          ),
        );
    },
  });
}

function pictureOf(colours: Uint8Array, vertical: boolean): Uint8Array {
  const long = 256 * PIXELS_A_COLOUR;
  const [width, height] = vertical ? [THICKNESS, long] : [long, THICKNESS];
  const indices = Uint8Array.from(
    { length: width * height },
    (_, i) => vertical ? 255 - Math.floor(i / width) : i % width,
  );
  const palette = Uint8Array.from(
    { length: 1024 },
    (_, i) => i % 4 === 3 ? 255 : colours[3 * (i >> 2) + i % 4],
  );
  return encodePng({ kind: "indexed", width, height, indices, palette });
}
