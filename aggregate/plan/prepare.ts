/** From a catalog and a config to a plan: what the run takes of the catalog, and what it leaves out. */
import type { Catalog } from "../../catalog/file/open_catalog.ts";
import type { PlainCatalog } from "../../catalog/file/plain_catalog.ts";
import { untimedGranules, untimedText } from "../../catalog/query/filter_notes.ts";
import { select } from "../../catalog/query/select.ts";
import { inputError } from "../../core/errors.ts";
import { DEFAULT_CLIP, type Pipeline } from "../pipeline.ts";
import { joinSelections } from "./append.ts";
import { askedSelection, type PrepareOptions, withConfig } from "./asked.ts";
import { effectiveBounds, effectiveZones, granuleTimes, selectionAreas } from "./bounds.ts";
import { collectionsOf, refuseMixedVersions } from "./collections.ts";
import { foldedGranules, without } from "./duplicates.ts";
import { type Plan, planRun, type RunSelection } from "./plan.ts";
import { areasOf } from "./row_rules.ts";

/**
 * Selects from the catalog under the config's collections and bounds and plans the run. Throws an
 * input error when nothing is left, when two versions of one product would be mixed unasked, or where
 * duplicates are refused.
 */
export async function prepareRun(
  catalog: Catalog | PlainCatalog,
  pipeline: Pipeline,
  asked: PrepareOptions = {},
): Promise<Plan> {
  const options = withConfig(pipeline, asked);
  const asks = askedSelection(pipeline, options);
  const collections = await collectionsOf(catalog, pipeline, options.filter.collections);
  const areas = (options.areas ?? []).map(({ spec }) => spec);
  const bounds = await effectiveBounds(pipeline.bounds, options.filter, areas);
  const zones = await effectiveZones(pipeline.output);
  const times = granuleTimes(bounds);
  const { parentOrder, latitude, projected } = pipeline.output;
  const within = selectionAreas(bounds);
  // A tile of which cells outside the areas are kept needs its granules from there, too.
  const wholeTiles = projected !== undefined && (bounds.clip ?? DEFAULT_CLIP) !== "observations";
  // Loaded where they are asked for: most runs need no projections.
  const tiles = projected === undefined ? null : { grid: projected, ...await import("./tile_selection.ts") };
  const selection = await select(catalog, {
    order: tiles === null ? parentOrder : tiles.selectionOrder(tiles.grid, parentOrder),
    convention: latitude,
    ...options.filter,
    ...times,
    collections: collections.taken,
    areas: wholeTiles ? [] : within,
    ...projected === undefined ? { cells: options.cells, maxCells: options.maxCells } : {},
    unknownExtent: options.unknownExtent,
    withoutCells: true,
    signal: options.signal,
  });
  // Versions of which the selection leaves one are no mixture.
  const { append } = options;
  const { granules, ranks } = selection;
  const own: RunSelection = tiles === null
    ? { parents: Array.from(selection.parents), granules, ranks, leftOut: [] }
    : tiles.tileSelection(selection, {
      grid: tiles.grid,
      order: parentOrder,
      cells: options.cells,
      areas: wholeTiles ? within : [],
      maxCells: options.maxCells,
    });
  const joined = append === undefined ? own : joinSelections(append, own, pipeline);
  const selected = [...new Set(joined.granules.map(({ collection }) => collection))].sort();
  refuseMixedVersions(selected, collections.named, catalog.name);
  const leftOut = [...collections.leftOut, ...own.leftOut];
  const untimed = await untimedGranules(catalog, {
    ...options.filter,
    ...times,
    collections: collections.taken,
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
    output: { ...output, ...levels, ...zones },
    ...asks,
  };
  return planRun({ ...without(joined, folded.left), leftOut }, whole, {
    ...append === undefined ? {} : { parentsPerShard: append.store.parentsPerShard },
    ...options,
    rows: bounds,
    selective,
  });
}
