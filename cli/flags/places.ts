/**
 * Parsers of the flags and arguments that name a place: a path, a file: URL, or an address of a scheme that the
 * command takes there. Every flag and argument of a place has one of these, so that none makes a folder, or
 * looks for a file, called `gs:`.
 */
import {
  ASKS_SERVERS,
  placeFor,
  type PlaceUse,
  READS_ANYWHERE,
  READS_FILES,
  READS_STORES,
  WRITES_ANYWHERE,
  WRITES_FILES,
  WRITES_STORES,
} from "../../core/files/address.ts";
import { splitVariable } from "./grid_inputs.ts";

type PlaceParser = (named: string) => string;
type PlacesParser = (named: string, before: string[] | undefined) => string[];

const one = (use: PlaceUse): PlaceParser => (named) => placeFor(named, use);

/** Each of several words. */
const several = (parse: PlaceParser): PlacesParser => (named, before) => [...before ?? [], parse(named)];

/** `NAME=PLACE`, or a place alone. */
const called = (use: PlaceUse): PlaceParser => (text) => {
  const name = /^[\w.-]+=/.exec(text)?.[0] ?? "";
  return name + placeFor(text.slice(name.length), use);
};

/** `FILE:VARIABLE`, `@LIST`, or a place alone. */
function gridPlace(word: string): string {
  if (word.startsWith("@")) return `@${placeFor(word.slice(1), READS_FILES)}`;
  const { place, variable } = splitVariable(word);
  const found = placeFor(place, READS_ANYWHERE);
  return variable === undefined ? found : `${found}:${variable}`;
}

/** A file, or `FILE.gpkg:TABLE`. */
function areaPlace(word: string): string {
  const [, file, table] = /^(.+\.gpkg):([^:/\\]+)$/i.exec(word) ?? [];
  return file === undefined ? placeFor(word, READS_FILES) : `${placeFor(file, READS_FILES)}:${table}`;
}

export const fileToRead: PlaceParser = one(READS_FILES);
export const areaToRead: PlaceParser = areaPlace;
export const filesToRead: PlacesParser = several(fileToRead);
export const catalogToRead: PlaceParser = one(READS_ANYWHERE);
export const catalogsToRead: PlacesParser = several(catalogToRead);
export const storeToRead: PlaceParser = one(READS_ANYWHERE);
export const placeToRead: PlaceParser = one(READS_ANYWHERE);
export const placesToRead: PlacesParser = several(placeToRead);
export const gridsToRead: PlacesParser = several(gridPlace);
export const fileToWrite: PlaceParser = one(WRITES_FILES);
export const storeToWrite: PlaceParser = one(WRITES_STORES);
export const placeToWrite: PlaceParser = one(WRITES_ANYWHERE);
export const serverToAsk: PlaceParser = one(ASKS_SERVERS);
export const calledPlaces: PlacesParser = several(called(READS_ANYWHERE));
export const calledStores: PlacesParser = several(called(READS_STORES));
