/** Several areas of a file, each by its name. */
import { inputError } from "../errors.ts";
import { type Geometry, singleParts } from "../geometry/geometry.ts";
import type { Feature } from "./feature.ts";
import { readFeatures } from "./read_features.ts";

/** Properties that name features in many files, the first that is there. */
const NAMES = ["name", "id", "code"];

/**
 * The features of a file (see {@linkcode readFeatures}), named by a property; without `property` by one that is called
 * name, id or code, else by their place. Features of one name are one zone. Throws an input error where a feature has no
 * polygon, or not the property that was asked for.
 */
export async function readZones(
  place: string,
  property: string | undefined,
  note?: (message: string) => void,
): Promise<{ name: string; geometry: Geometry }[]> {
  const features = await readFeatures(place, note);
  if (features.length === 0) throw inputError(`${place}: holds no feature`);
  const key = property ?? nameProperty(features);
  const zones = new Map<string, Geometry[]>();
  for (const [i, { geometry, properties }] of features.entries()) {
    if (![...singleParts(geometry)].some(({ type }) => type === "Polygon")) {
      throw inputError(`${place}: feature ${i + 1} holds no polygon`);
    }
    const value = key === undefined ? i + 1 : properties[key];
    if (value === undefined || value === null || value === "") {
      const there = Object.keys(properties).slice(0, 20).join(", ") || "none";
      throw inputError(
        `${place}: feature ${i + 1} has no "${key}" to be named by (its properties: ${there})`,
      );
    }
    const name = String(value);
    const own = zones.get(name);
    if (own === undefined) zones.set(name, [geometry]);
    else own.push(geometry);
  }
  return [...zones].map(([name, parts]) => ({
    name,
    geometry: parts.length === 1 ? parts[0] : { type: "GeometryCollection", geometries: parts },
  }));
}

/** The property, whatever its case, by which every feature can be told. */
function nameProperty(features: readonly Feature[]): string | undefined {
  for (const wanted of NAMES) {
    const key = Object.keys(features[0].properties).find((one) => one.toLowerCase() === wanted);
    const sound = (value: unknown) => value !== undefined && value !== null && value !== "";
    if (key !== undefined && features.every(({ properties }) => sound(properties[key]))) return key;
  }
  return undefined;
}
