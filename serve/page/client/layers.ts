/// <reference lib="dom" />
/** What can be drawn: a layer, and the choices of each (variables, bands). */
import {
  type CompatibilityAnswer,
  getJson,
  type LayersAnswer,
  type Parameters,
  type StoreAnswer,
} from "./server.ts";

export interface Layer {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  /** `store/NAME`; null for granules, whose backend the choice says. */
  readonly store: string | null;
  /** Which granules are meant. */
  readonly search: Parameters;
  /** The catalog that tells the times of its granules. */
  readonly catalog: string | null;
  readonly collection: string | null;
  readonly box: readonly number[] | null;
  /** Whether granules differ by time. */
  readonly timed: boolean;
  /** Choices that the page's own address made. */
  readonly fixed: Choice | null;
}

/** One thing of a layer that can be drawn. */
export interface Choice {
  readonly label: string;
  /** The part of a path before `/tiles` and `/point`. */
  readonly path: string;
  readonly parameters: Parameters;
  readonly units: string | null;
  /** Values of other dimensions: the layer is one step of them. */
  readonly bands: readonly string[];
  /** Whether a colormap applies: it is one band. */
  readonly single: boolean;
}

export interface Described {
  readonly choices: readonly Choice[];
  readonly box: readonly number[] | null;
  readonly note: string;
}

export async function listLayers(): Promise<{ layers: Layer[]; cmr: boolean }> {
  const answer = await getJson<LayersAnswer>("map/layers");
  const { collections = [], stores = [], cmr = false } = answer ?? {};
  return {
    cmr,
    layers: [
      ...collections.map(({ catalog, collection, granules, bbox }) => ({
        id: `catalog/${catalog}/${collection}`,
        // Files of no known product are distinguished by their catalog.
        title: collection === "unknown" ? catalog : collection,
        note: `${collection === "unknown" ? "files" : catalog}, ${granules} ${
          granules === 1 ? "granule" : "granules"
        }`,
        store: null,
        search: [["catalog", catalog], ["collection", collection]] as const,
        catalog,
        collection,
        box: bbox,
        timed: true,
        fixed: null,
      })),
      ...stores.map((name) => ({
        id: `store/${name}`,
        title: name,
        note: "store of cells",
        store: `store/${encodeURIComponent(name)}`,
        search: [],
        catalog: null,
        collection: null,
        box: null,
        timed: false,
        fixed: null,
      })),
    ],
  };
}

export function cmrLayer(conceptId: string): Layer {
  return {
    id: `cmr/${conceptId}`,
    title: conceptId,
    note: "NASA's CMR",
    store: null,
    search: [["collection_concept_id", conceptId]],
    catalog: null,
    collection: null,
    box: null,
    timed: true,
    fixed: null,
  };
}

/** The layer of CMR that an id names; null for other ids. */
export function cmrLayerOf(id: string): Layer | null {
  const [, conceptId] = /^cmr\/(C\d+-\w+)$/.exec(id) ?? [];
  return conceptId === undefined ? null : cmrLayer(conceptId);
}

/** Parameters of the page's address that say how, not what. */
const OF_PAGE = ["colormap_name", "rescale", "minzoom", "maxzoom", "tile_format", "tilesize"];
const OF_TIME = ["temporal", "datetime"];

/** What the page's own address asks for: a map.html below a backend. */
export function addressedLayer(backend: string, search: URLSearchParams): Layer {
  const kept = [...search].filter(([name]) => !OF_PAGE.includes(name) && !OF_TIME.includes(name));
  const what = search.get("collection") ?? search.get("collection_concept_id") ?? search.get("concept_id") ??
    search.get("granule_ur") ?? search.get("catalog") ?? "this selection";
  const named = search.getAll(backend === "xarray" ? "variables" : "assets").join(", ");
  const collections = search.getAll("collection");
  return {
    id: "address",
    title: what,
    note: "of this page's address",
    store: null,
    search: kept,
    catalog: collections.length === 1 ? search.get("catalog") : null,
    collection: collections.length === 1 ? collections[0] : null,
    box: null,
    timed: true,
    fixed: {
      label: search.get("expression") ?? (named === "" ? "as asked" : named),
      path: backend,
      parameters: [],
      units: null,
      bands: [],
      single: !search.has("colormap"),
    },
  };
}

/** What of a layer can be drawn. */
export async function describe(layer: Layer, signal: AbortSignal): Promise<Described> {
  if (layer.store !== null) return await describeStore(layer, layer.store, signal);
  if (layer.fixed !== null) {
    const info = await getJson<{ bounds: number[] }>(`${layer.fixed.path}/info`, searchOnly(layer), signal);
    return { choices: [layer.fixed], box: info?.bounds ?? null, note: "" };
  }
  const answer = await getJson<CompatibilityAnswer>(
    "compatibility",
    [...layer.search, ["skip_variable_statistics", "true"]],
    signal,
  );
  if (answer === null) return { choices: [], box: layer.box, note: "There is no granule." };
  const choices = answer.backend === "xarray" ? variablesOf(answer) : bandsOf(answer);
  const [refused] = answer.refused;
  const note = choices.length > 0
    ? ""
    : refused === undefined
    ? "Its files hold no grid; a store of cells that is made of them can be drawn."
    : `${refused.name}: ${refused.reason}`;
  return { choices, box: layer.box, note };
}

const READING = ["variables", "sel", "group", "assets", "expression", "nodata", "resampling", "reproject"];

function searchOnly({ search }: Layer): Parameters {
  return search.filter(([name]) => !READING.includes(name));
}

function variablesOf({ variables }: CompatibilityAnswer): Choice[] {
  const folder = commonFolder(Object.keys(variables ?? {}));
  return Object.entries(variables ?? {}).map(([name, { bands = [], units = null }]) => ({
    label: name.slice(folder.length),
    path: "xarray",
    parameters: [["variables", name]],
    units,
    bands: bands.length > 1 ? bands : [],
    single: true,
  }));
}

/** The groups that all names lie in, with the slash at the end. */
function commonFolder(names: readonly string[]): string {
  const [first = ""] = names;
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (folder !== "" && !names.every((name) => name.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  return folder;
}

function bandsOf({ assets, sample_asset_raster_info: sample }: CompatibilityAnswer): Choice[] {
  const count = sample?.count ?? 1;
  const choices: Choice[] = [];
  for (const asset of assets ?? []) {
    const one = (label: string, value: string, single: boolean) =>
      choices.push({
        label,
        path: "rasterio",
        parameters: [["assets", value]],
        units: null,
        bands: [],
        single,
      });
    if (count === 1) {
      one(asset, asset, true);
      continue;
    }
    if (count >= 3) one(`${asset}: bands 1, 2, 3 as colours`, `${asset}|bidx=1,2,3`, false);
    for (let band = 1; band <= Math.min(count, 20); band++) {
      one(`${asset}: band ${band}`, `${asset}|bidx=${band}`, true);
    }
  }
  return choices;
}

async function describeStore(layer: Layer, path: string, signal: AbortSignal): Promise<Described> {
  const answer = await getJson<StoreAnswer>(path, [], signal);
  if (answer === null) return { choices: [], box: null, note: "The store is empty." };
  const orders = answer.levels.map(({ order }) => order);
  return {
    choices: answer.variables.map(({ name, units, long_name: longName }) => ({
      label: longName === null ? name : `${name} (${longName})`,
      path,
      parameters: [["variable", name]],
      units,
      bands: [],
      single: true,
    })),
    box: answer.bounds,
    note: `${layer.title}: ${answer.levels[0].grid}, ${
      orders.length === 1 ? "order" : `orders ${Math.min(...orders)} to`
    } ${Math.max(...orders)}`,
  };
}
