/**
 * The capabilities of a Web Map Tile Service (OGC 07-057r7, WMTS 1.0.0), whose tiles are asked for by addresses
 * (the standard's RESTful encoding): layers, their times, and tile matrix sets.
 */
import type { BoundingBox } from "../../core/geometry/box.ts";
import {
  TILE_MATRIX_SET_NAMES,
  type TileMatrixSet,
  tileMatrixSet,
} from "../../core/raster/tms/tile_matrix_set.ts";
import { isNorthFirst } from "../../core/raster/tms/tiles.ts";
import { boxInSet, limitsIn, listedZooms, type Zooms } from "../area/set_limits.ts";
import { escaped } from "../http/html.ts";
import { badRequest } from "../http/problem.ts";

export interface WmtsLayer {
  readonly name: string;
  readonly bounds: BoundingBox;
  /** `https://host/store/ice/tiles`: what stands before the set in the addresses of tiles. */
  readonly tiles: string;
  /** Of a tile's address; where the layer has times, `{time}` in it is one of them. */
  readonly query: string;
  /** ISO 8601, ascending; the last is shown unless another is asked for. Empty where the layer has one state only. */
  readonly times: readonly string[];
}

interface Service {
  /** The address of the document. */
  readonly address: string;
  readonly layers: readonly WmtsLayer[];
  /** The ending of tiles, and their media type. */
  readonly format: { readonly ending: string; readonly type: string };
  readonly zooms: Zooms;
  /** Sets with larger tiles are left out: they would be refused. */
  readonly mostTileSide: number;
}

/** Where layers are more, their documents leave out which tiles each has at every zoom: clients go by its box. */
const MOST_LIMITED_LAYERS = 10;
/** What XML 1.0 has no way to write. */
// deno-lint-ignore no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const NAMESPACES = [
  'xmlns="http://www.opengis.net/wmts/1.0"',
  'xmlns:ows="http://www.opengis.net/ows/1.1"',
  'xmlns:xlink="http://www.w3.org/1999/xlink"',
].join(" ");

/** The document; a set stands in it where a layer touches it. Throws a 400 where no set does. */
export function wmtsCapabilities(service: Service): string {
  const sets = TILE_MATRIX_SET_NAMES.map(tileMatrixSet).filter((set) => isTakenBy(set, service));
  const links = linksOf(service, sets);
  const used = new Set<TileMatrixSet>();
  const layers = service.layers.map((layer) => layerElement(service, layer, links(layer.bounds, used)));
  if (used.size === 0) {
    throw badRequest(
      `there is no tile matrix set with tiles of at most ${service.mostTileSide} pixels, at the zooms that are asked for, ` +
        "which a layer touches",
    );
  }
  const matrices = sets.filter((set) => used.has(set)).map((set) => setElement(set, service.zooms));
  return `<?xml version="1.0" encoding="UTF-8"?>
<Capabilities ${NAMESPACES} version="1.0.0">
<ows:ServiceIdentification>
<ows:Title>granary</ows:Title>
<ows:ServiceType>OGC WMTS</ows:ServiceType>
<ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion>
</ows:ServiceIdentification>
<ows:OperationsMetadata>
${operation("GetCapabilities", service.address, ["RESTful", "KVP"])}
${operation("GetTile", service.address, ["RESTful"])}
</ows:OperationsMetadata>
<Contents>
${[...layers, ...matrices].join("\n")}
</Contents>
<ServiceMetadataURL xlink:href="${xml(service.address)}"/>
</Capabilities>
`;
}

/** WMTS 1.0.0 has no rows whose tiles are as wide as several. */
function isTakenBy({ tileMatrices }: TileMatrixSet, { mostTileSide }: Service): boolean {
  return tileMatrices.every(({ tileWidth, variableMatrixWidths }) =>
    tileWidth <= mostTileSide && variableMatrixWidths === undefined
  );
}

/** The parts of layers' elements that tell of the sets that their boxes touch; these are noted in `used`. */
function linksOf({ layers, zooms }: Service, sets: readonly TileMatrixSet[]) {
  const isLimited = layers.length <= MOST_LIMITED_LAYERS;
  const written = new Map<string, Links>();
  return (bounds: BoundingBox, used: Set<TileMatrixSet>): Links => {
    const key = JSON.stringify(bounds);
    let made = written.get(key);
    if (made === undefined) {
      const touched = sets.flatMap((set) => {
        const box = boxInSet(set, bounds);
        const limits = box === null ? [] : limitsIn(set, box, listedZooms(set, zooms));
        if (box === null || limits.length === 0) return [];
        used.add(set);
        return [{ box: boxElement(set, box), link: linkElement(set, isLimited ? limits : []) }];
      });
      const lines = (of: "box" | "link") => touched.map((one) => one[of]).join("\n");
      written.set(key, made = { boxes: lines("box"), links: lines("link") });
    }
    return made;
  };
}

interface Links {
  /** The layer's boxes in the sets' systems: clients that carry its corners there lose what lies around a pole. */
  readonly boxes: string;
  readonly links: string;
}

function boxElement(
  set: TileMatrixSet,
  [left, bottom, right, top]: readonly [number, number, number, number],
): string {
  const corner = (x: number, y: number) => (isNorthFirst(set) ? [y, x] : [x, y]).join(" ");
  return `<ows:BoundingBox crs="${xml(crsName(set.crs))}">` +
    `<ows:LowerCorner>${corner(left, bottom)}</ows:LowerCorner>` +
    `<ows:UpperCorner>${corner(right, top)}</ows:UpperCorner></ows:BoundingBox>`;
}

function linkElement(set: TileMatrixSet, limits: ReturnType<typeof limitsIn>): string {
  const each = limits.map((one) =>
    `<TileMatrixLimits><TileMatrix>${one.tileMatrix}</TileMatrix>` +
    `<MinTileRow>${one.minTileRow}</MinTileRow><MaxTileRow>${one.maxTileRow}</MaxTileRow>` +
    `<MinTileCol>${one.minTileCol}</MinTileCol><MaxTileCol>${one.maxTileCol}</MaxTileCol></TileMatrixLimits>`
  );
  return [
    `<TileMatrixSetLink><TileMatrixSet>${set.id}</TileMatrixSet>`,
    ...(each.length === 0 ? [] : ["<TileMatrixSetLimits>", ...each, "</TileMatrixSetLimits>"]),
    "</TileMatrixSetLink>",
  ].join("\n");
}

function layerElement({ format }: Service, layer: WmtsLayer, { boxes, links }: Links): string {
  const { name, bounds: { xmin, ymin, xmax, ymax }, tiles, query, times } = layer;
  const tile = `${tiles}/{TileMatrixSet}/{TileMatrix}/{TileCol}/{TileRow}.${format.ending}`;
  return `<Layer>
<ows:Title>${xml(name)}</ows:Title>
<ows:WGS84BoundingBox crs="urn:ogc:def:crs:OGC:2:84">
<ows:LowerCorner>${xmin} ${ymin}</ows:LowerCorner>
<ows:UpperCorner>${xmax} ${ymax}</ows:UpperCorner>
</ows:WGS84BoundingBox>
<ows:Identifier>${xml(name)}</ows:Identifier>
${boxes}
<Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
<Format>${xml(format.type)}</Format>
${dimension(times)}${links}
<ResourceURL format="${xml(format.type)}" resourceType="tile" template="${
    xml(query === "" ? tile : `${tile}?${query}`)
  }"/>
</Layer>`;
}

function dimension(times: readonly string[]): string {
  if (times.length === 0) return "";
  return `<Dimension>
<ows:Identifier>time</ows:Identifier>
<ows:UOM>ISO8601</ows:UOM>
<Default>${xml(times[times.length - 1])}</Default>
${times.map((time) => `<Value>${xml(time)}</Value>`).join("\n")}
</Dimension>
`;
}

function setElement(set: TileMatrixSet, zooms: Zooms): string {
  const [, most] = listedZooms(set, zooms);
  const matrices = set.tileMatrices.filter(({ id }) => Number(id) <= most).map((matrix) =>
    `<TileMatrix><ows:Identifier>${matrix.id}</ows:Identifier>` +
    `<ScaleDenominator>${matrix.scaleDenominator}</ScaleDenominator>` +
    `<TopLeftCorner>${matrix.pointOfOrigin.join(" ")}</TopLeftCorner>` +
    `<TileWidth>${matrix.tileWidth}</TileWidth><TileHeight>${matrix.tileHeight}</TileHeight>` +
    `<MatrixWidth>${matrix.matrixWidth}</MatrixWidth><MatrixHeight>${matrix.matrixHeight}</MatrixHeight>` +
    "</TileMatrix>"
  );
  return `<TileMatrixSet>
<ows:Title>${xml(set.title)}</ows:Title>
<ows:Identifier>${set.id}</ows:Identifier>
<ows:SupportedCRS>${xml(crsName(set.crs))}</ows:SupportedCRS>
${matrices.join("\n")}
</TileMatrixSet>`;
}

function operation(name: string, address: string, encodings: readonly string[]): string {
  const each = encodings.map((encoding) =>
    `<ows:Get xlink:href="${xml(address)}"><ows:Constraint name="GetEncoding"><ows:AllowedValues>` +
    `<ows:Value>${encoding}</ows:Value></ows:AllowedValues></ows:Constraint></ows:Get>`
  );
  return `<ows:Operation name="${name}"><ows:DCP><ows:HTTP>\n${
    each.join("\n")
  }\n</ows:HTTP></ows:DCP></ows:Operation>`;
}

/** `urn:ogc:def:crs:EPSG::3857` of `http://www.opengis.net/def/crs/EPSG/0/3857`: of that age are WMTS's clients. */
function crsName(uri: string): string {
  const [, authority, version, code] = /\/def\/crs\/(\w+)\/([\d.]+)\/(\w+)$/.exec(uri) ?? [];
  return code === undefined ? uri : `urn:ogc:def:crs:${authority}:${version === "0" ? "" : version}:${code}`;
}

function xml(text: string): string {
  return escaped(text.replace(UNWRITABLE, "\ufffd"));
}
