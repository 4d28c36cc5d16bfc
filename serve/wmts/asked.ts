/** What clients of WMTS say in the addresses of documents (its KVP encoding: names in any case), apart from layers. */
import { z } from "zod";
import { badParameter } from "../http/problem.ts";
import { IMAGE_FORMAT } from "../parameters/formats.ts";

const ZOOM = z.int().min(0).max(30).optional();

/** Parameters that say what the document is like. */
export const WMTS = {
  tile_format: IMAGE_FORMAT.default("png").meta({ description: "The format of the tiles" }),
  minzoom: ZOOM.meta({ description: "The first zoom that clients ask for" }),
  maxzoom: ZOOM.meta({ description: "The last zoom that clients ask for" }),
};

/** What says that a document is asked for, which its address is without. */
const OF_ASKING = new Set([
  "service",
  "request",
  "version",
  "acceptversions",
  "acceptformats",
  "sections",
  "updatesequence",
]);
/** What a tile's address doesn't repeat; the size of tiles is each set's own. */
const OF_DOCUMENT = new Set([...Object.keys(WMTS), "tilesize", ...OF_ASKING]);

/** Throws a 422 for another service, version or request than the capabilities of WMTS 1.0.0. */
export function checkCapabilitiesAsked(sent: URLSearchParams): void {
  for (const [name, value] of sent) {
    switch (name.toLowerCase()) {
      case "service":
        if (value.toUpperCase() !== "WMTS") throw badParameter(name, "Value error, this is a WMTS", value);
        break;
      case "request":
        if (value.toLowerCase() !== "getcapabilities") {
          throw badParameter(
            name,
            "Value error, wanted GetCapabilities; tiles are asked for by the address that it says (ResourceURL)",
            value,
          );
        }
        break;
      case "acceptversions":
      case "version":
        if (!value.split(",").includes("1.0.0")) {
          throw badParameter(name, "Value error, this is version 1.0.0", value);
        }
    }
  }
}

/** The query of the document's own address, in its order. */
export function documentQuery(sent: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...sent].filter(([name]) => !OF_ASKING.has(name.toLowerCase())));
}

/** The query of tiles out of the document's, in its order, without parameters that `but` names. */
export function tileQuery(sent: URLSearchParams, but: readonly string[] = []): URLSearchParams {
  const isKept = (name: string) => !OF_DOCUMENT.has(name.toLowerCase()) && !but.includes(name);
  return new URLSearchParams([...sent].filter(([name]) => isKept(name)));
}
