/** From a catalog and a config to a plan: what the run takes of the catalog, and what it leaves out. */
import { inputError } from "../../core/errors.ts";
import { collectionFits } from "../../products/collection_names.ts";
import { untimedGranules, untimedText, uselessCollection } from "../../catalog/query/filter_notes.ts";
import type { Area } from "../../core/geometry/area.ts";
import { type DuplicateRule, foldDuplicates } from "../../catalog/duplicates.ts";
import { type Catalog, type CatalogOptions, openCatalog } from "../../catalog/file/open_catalog.ts";
import { type GranuleFilter, select } from "../../catalog/query/select.ts";
import { reading } from "../../core/tables/reading.ts";
import { parseCellAt } from "../../core/cells/cell_name.ts";
import type { Pipeline, PipelineSelection } from "../pipeline.ts";
import { joinedConditions, joinSelections } from "./append.ts";
import { areasOf, effectiveBounds, effectiveZones, granuleTimes, selectionAreas } from "./row_rules.ts";
import { type Plan, type PlanOptions, planRun, type RunSelection } from "./plan.ts";

/** What of a catalog a run takes, besides what its config says. */
export interface PrepareOptions extends PlanOptions {
  /** Only these parents, as nested ids at the pipeline's parent order. */
  cells?: Iterable<number>;
  maxCells?: number;
  /** Conditions on the catalog's columns, over the config's. */
  filter?: GranuleFilter;
  /** Parents, granules and observations under all of these areas, and the config's. */
  areas?: readonly Area[];
  /** Granules whose extent the catalog does not know. */
  unknownExtent?: boolean;
  /** What becomes of granules whose observations others have too; default "fold". */
  duplicates?: DuplicateRule;
  /** The plan of the run whose store grows by what is selected. */
  append?: Plan;
  signal?: AbortSignal;
}

/** {@linkcode prepareRun} of a catalog's file, which is closed afterwards. */
export async function planFromCatalog(
  file: string,
  options: CatalogOptions,
  pipeline: Pipeline,
  asked: PrepareOptions,
): Promise<Plan> {
  const catalog = await openCatalog(file, options);
  try {
    return await prepareRun(catalog, pipeline, asked);
  } finally {
    catalog.close();
  }
}

/**
 * Selects from the catalog under the config's collections and bounds and plans the run. Throws an
 * input error when nothing is left, when two versions of one product would be mixed unasked, or where
 * duplicates are refused.
 */
export async function prepareRun(
  catalog: Catalog,
  pipeline: Pipeline,
  asked: PrepareOptions = {},
): Promise<Plan> {
  const options = withConfig(pipeline, asked);
  const { collections } = pipeline.dataSource;
  const found = await reading(catalog.name, () => countCollections(catalog));
  const fits = (collection: string) =>
    collections.length === 0 || collections.some((glob) => collectionFits(glob, collection));
  const named = options.filter.collections;
  const taken = found.filter(({ collection }) =>
    fits(collection) && (named === undefined || named.some((glob) => collectionFits(glob, collection)))
  );
  const names = taken.map(({ collection }) => collection);
  const useless = (named ?? []).flatMap((wanted) =>
    uselessCollection(wanted, found.map(({ collection }) => collection)) ?? []
  );
  if (taken.length === 0) {
    if (useless.length > 0) throw inputError(`${catalog.name}: ${useless.join("; ")}`);
    throw inputError(
      `${catalog.name}: no granule fits the config ${pipeline.name}, which takes ${collections.join(", ")}` +
        ` (the catalog has ${found.map(({ collection }) => collection).join(", ") || "no granules"};` +
        " set data_source.collections in the config)",
    );
  }
  const areas = (options.areas ?? []).map(({ spec }) => spec);
  const bounds = await effectiveBounds(pipeline.bounds, options.filter, areas);
  const times = granuleTimes(bounds);
  const selection = await select(catalog, {
    order: pipeline.output.parentOrder,
    convention: pipeline.output.latitude,
    ...options.filter,
    ...times,
    collections: names,
    areas: selectionAreas(bounds),
    cells: options.cells,
    maxCells: options.maxCells,
    unknownExtent: options.unknownExtent,
    withoutCells: true,
    signal: options.signal,
  });
  // Versions of which the selection leaves one are no mixture.
  const { append } = options;
  const { granules, ranks } = selection;
  const own: RunSelection = { parents: Array.from(selection.parents), granules, ranks, leftOut: [] };
  const joined = append === undefined ? own : joinSelections(append, own, pipeline);
  const selected = [...new Set(joined.granules.map(({ collection }) => collection))].sort();
  refuseMixedVersions(selected, [...collections, ...named ?? []], catalog.name);
  const leftOut = found
    .filter(({ collection }) => !names.includes(collection))
    .map(({ collection, granules }) => ({ what: `collection ${collection}`, granules }));
  const untimed = await untimedGranules(catalog, {
    ...options.filter,
    ...times,
    collections: names,
  });
  if (untimed.count > 0 && joined.granules.length === 0) {
    throw inputError(`${catalog.name}: nothing to aggregate: left out are ${untimedText(untimed)}`);
  }
  if (untimed.count > 0) leftOut.push({ what: untimedText(untimed), granules: untimed.count });
  if (selection.unknownExtent > 0 && options.unknownExtent !== true) {
    leftOut.push({ what: "granules of unknown extent", granules: selection.unknownExtent });
  }
  const selective = options.cells !== undefined || options.maxCells !== undefined ||
    areasOf(bounds).length > 0 || append?.selective === true;
  const folded = foldedGranules(joined, options.duplicates ?? "fold", catalog.name);
  if (folded.left.size > 0) leftOut.push({ what: folded.what, granules: folded.left.size });
  const levels = options.levels === undefined ? {} : { levels: [...options.levels] };
  const { zoneFile: _zoneFile, ...output } = pipeline.output;
  const whole = {
    ...pipeline,
    bounds,
    output: { ...output, ...levels, ...await effectiveZones(pipeline.output) },
    ...selectionOf(pipeline, options, append),
  };
  return planRun({ ...without(joined, folded.left), leftOut }, whole, {
    ...append === undefined ? {} : { parentsPerShard: append.store.parentsPerShard },
    ...options,
    rows: bounds,
    selective,
  });
}

/** What is asked of a catalog, with what the config asks where nothing else is. */
function withConfig(
  pipeline: Pipeline,
  asked: PrepareOptions,
): PrepareOptions & { filter: GranuleFilter } {
  const { where, collections, providers, cells, maxCells, unknownExtent, duplicates } = pipeline.selection ??
    {};
  const { parentOrder } = pipeline.output;
  return {
    ...asked,
    filter: { ...given({ where, collections, providers }), ...given(asked.filter ?? {}) },
    cells: asked.cells ?? cells?.map((name) => Number(parseCellAt(name, parentOrder))),
    maxCells: asked.maxCells ?? maxCells,
    unknownExtent: asked.unknownExtent ?? unknownExtent,
    duplicates: asked.duplicates ?? duplicates,
  };
}

/** The same as a config says it; absent where nothing is asked. */
function selectionOf(
  { output }: Pipeline,
  { filter, cells, maxCells, unknownExtent, duplicates }: PrepareOptions,
  append: Plan | undefined,
): Pick<Pipeline, "selection"> {
  const { where, collections, providers } = filter ?? {};
  const selection: PipelineSelection = {
    ...where === undefined ? {} : { where },
    ...collections === undefined ? {} : { collections: [...collections] },
    ...providers === undefined ? {} : { providers: [...providers] },
    ...cells === undefined ? {} : { cells: [...cells].map((cell) => `${output.parentOrder}/${cell}`) },
    ...maxCells === undefined ? {} : { maxCells },
    ...unknownExtent === undefined ? {} : { unknownExtent },
    ...duplicates === undefined ? {} : { duplicates },
  };
  const own = Object.keys(selection).length === 0 ? undefined : selection;
  const whole = append === undefined ? own : joinedConditions(append.pipeline.selection, own);
  return whole === undefined ? {} : { selection: whole };
}

/** The conditions that were given, so that absent ones do not overrule the config's. */
function given(filter: GranuleFilter): GranuleFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** Granules that are left because others have their observations too, by position, and why in words. */
function foldedGranules(
  { granules }: RunSelection,
  rule: DuplicateRule,
  catalog: string,
): { left: ReadonlySet<number>; what: string } {
  if (rule === "keep") return { left: new Set(), what: "" };
  const folded = foldDuplicates(granules);
  if (rule === "refuse" && folded.left.size > 0) {
    throw inputError(
      `${catalog}: ${folded.left.size} of the selected granules hold observations that others hold too: ` +
        `${folded.what} (take one of each with --duplicates fold, or all with --duplicates keep)`,
    );
  }
  return folded;
}

/** A selection without the granules `left`, and without parents that only those need. */
function without(selection: RunSelection, left: ReadonlySet<number>): RunSelection {
  const taken = <T>(list: readonly T[]) => list.filter((_, g) => !left.has(g));
  const ranks = taken(selection.ranks);
  const needed = new Set<number>();
  for (const own of ranks) for (const rank of own) needed.add(rank);
  const parents: number[] = [];
  const newRank = selection.parents.map((parent, rank) => needed.has(rank) ? parents.push(parent) - 1 : -1);
  const folded = [...left].map((g) => selection.granules[g]).map(({ collection, id }) => ({
    collection,
    id,
  }));
  return {
    parents,
    granules: taken(selection.granules),
    ranks: ranks.map((own) => Array.from(own, (rank) => newRank[rank])),
    leftOut: selection.leftOut,
    folded: [...selection.folded ?? [], ...folded],
  };
}

async function countCollections(catalog: Catalog): Promise<{ collection: string; granules: number }[]> {
  const reader = await catalog.duck.connection.runAndReadAll(
    `SELECT collection, count(*) FROM ${catalog.table} GROUP BY collection ORDER BY collection`,
  );
  return reader.getRows().map(([collection, granules]) => ({
    collection: String(collection),
    granules: Number(granules),
  }));
}

/** Two versions of one product hold the same observations twice: only a config that names both may. */
function refuseMixedVersions(
  taken: readonly string[],
  collections: readonly string[],
  catalog: string,
): void {
  const versions = new Map<string, string[]>();
  for (const collection of taken) {
    const product = collection.replace(/\.[^.]*$/, "");
    versions.set(product, [...(versions.get(product) ?? []), collection]);
  }
  for (const [product, found] of versions) {
    if (found.length < 2 || found.every((collection) => collections.includes(collection))) continue;
    throw inputError(
      `${catalog}: ${found.length} versions of ${product} fit the config: ${found.join(", ")}` +
        " (they hold the same observations; name one, or each of them, in data_source.collections," +
        ` or say --collection ${found.at(-1)})`,
    );
  }
}
