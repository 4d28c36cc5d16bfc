/**
 * Regions by name: countries, Antarctica, Greenland and all land, from the outlines of Natural Earth at
 * 1:50 million (npm's world-atlas). Outlines are generalised to a few kilometres; a buffer makes up
 * for that where it matters. Ice shelves are no land there: Antarctica is without the Ross and Ronne
 * shelves.
 */
import { inputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import type { GeometryLike } from "./geojson_shape.ts";

/** A part of TopoJSON, as far as it is used here. */
interface Topology {
  objects: Record<string, TopoObject>;
}
interface TopoObject {
  type: string;
  geometries: { type: string; properties?: { name?: string } }[];
}
interface Feature {
  geometry: AtlasGeometry;
}
interface AtlasGeometry {
  type: "Polygon" | "MultiPolygon";
  coordinates: unknown;
}
type Ring = [longitude: number, latitude: number][];

/** A region: its name in the atlas and its outline, longitude and latitude in degrees. */
interface Region {
  name: string;
  geometry: GeometryLike;
}

const ALL_LAND = "land";

/** Other names of countries, in the form of {@linkcode keyOf}. */
const ALIASES: Readonly<Record<string, string>> = {
  "usa": "united states america",
  "us": "united states america",
  "united states": "united states america",
  "uk": "united kingdom",
  "great britain": "united kingdom",
  "uae": "united arab emirates",
  "drc": "democratic republic congo",
  "czech republic": "czechia",
  "ivory coast": "cote d ivoire",
  "cape verde": "cabo verde",
  "swaziland": "eswatini",
  "burma": "myanmar",
  "east timor": "timor leste",
  "north macedonia": "macedonia",
  "vatican city": "vatican",
  "faroe islands": "faeroe islands",
};

/** The atlas' abbreviations, written out. */
const WORDS: Readonly<Record<string, string>> = {
  "is.": "islands",
  "i.": "island",
  "rep.": "republic",
  "dem.": "democratic",
  "ter.": "territory",
  "eq.": "equatorial",
  "fr.": "french",
  "br.": "british",
  "barb.": "barbuda",
  "herz.": "herzegovina",
  "geo.": "georgia",
  "vin.": "vincent",
  "gren.": "grenadines",
  "st.": "saint",
  "w.": "western",
  "s.": "south",
  "n.": "northern",
};

/** A name without case, accents, punctuation and small words. */
function keyOf(name: string): string {
  return name.toLowerCase().normalize("NFD").replace(/\p{Mark}/gu, "")
    .split(/\s+/).map((word) => WORDS[word] ?? word).join(" ")
    .replace(/[^a-z]+/g, " ").split(" ").filter((word) => !/^(of|the|and|)$/.test(word)).join(" ");
}

/** South of this the atlas has the seam only. */
const SEAM_LATITUDE = -89.9;

let loading: Promise<Map<string, Region>> | undefined;

function atlas(): Promise<Map<string, Region>> {
  return loading ??= load();
}

async function load(): Promise<Map<string, Region>> {
  const [{ default: topology }, { feature }] = await Promise.all([
    import("world-atlas/countries-50m.json", { with: { type: "json" } }) as Promise<{ default: unknown }>,
    import("topojson-client") as Promise<{ feature: (topology: unknown, object: unknown) => unknown }>,
  ]);
  const { objects } = topology as Topology;
  const regions = new Map<string, Region>();
  for (const country of objects.countries.geometries) {
    const name = country.properties?.name ?? "";
    regions.set(keyOf(name), { name, geometry: seamless((feature(topology, country) as Feature).geometry) });
  }
  const land = objects.land;
  const parts = land.geometries.map((part) => seamless((feature(topology, part) as Feature).geometry));
  regions.set(ALL_LAND, { name: ALL_LAND, geometry: { type: "GeometryCollection", geometries: parts } });
  return regions;
}

/**
 * The atlas' outlines are cut at the antimeridian and sewn together again. What the seam left is taken
 * out: a small circle round the south pole, and steps from -180 to 180 in one place.
 */
function seamless({ type, coordinates }: AtlasGeometry): GeometryLike {
  const polygons = (type === "Polygon" ? [coordinates] : coordinates) as Ring[][];
  return {
    type: "MultiPolygon",
    coordinates: polygons.map((rings) =>
      rings.filter((ring) => ring.some(([, latitude]) => latitude > SEAM_LATITUDE)).map((ring) => {
        // From a vertex off the antimeridian round, the last one not repeated.
        const open = ring.slice(0, -1);
        const start = Math.max(0, open.findIndex(([longitude]) => Math.abs(longitude) < 180));
        let side = 1;
        return [...open.slice(start), ...open.slice(0, start)].map(
          ([longitude, latitude]): [number, number] => {
            if (Math.abs(longitude) === 180) return [side * 180, latitude];
            side = Math.sign(longitude);
            return [longitude, latitude];
          },
        );
      })
    ),
  };
}

/**
 * A region by its name, in any case, with or without accents and abbreviations.
 *
 * @throws GranaryError (input) for an unknown name, with the nearest known one.
 */
export async function findRegion(name: string): Promise<Region> {
  const regions = await atlas();
  const key = keyOf(name);
  const found = regions.get(ALIASES[key] ?? key);
  if (found) return found;
  const names = [...regions.values()].map(({ name }) => name);
  throw inputError(
    `region "${name}" is not known${
      suggestion(name, names)
    } (wanted a country, antarctica, greenland or land)`,
    { name, known: names },
  );
}
