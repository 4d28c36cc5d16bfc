/** What is asked of a catalog, and by its config where nothing else is. */
import type { DuplicateRule } from "../../catalog/duplicates.ts";
import type { GranuleFilter } from "../../catalog/query/filter.ts";
import { parseCellAt } from "../../core/cells/cell_name.ts";
import type { Area } from "../../core/geometry/area.ts";
import type { Pipeline, PipelineSelection } from "../pipeline.ts";
import { joinedConditions } from "./append.ts";
import type { Plan, PlanOptions } from "./plan.ts";

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

/** What is asked of a catalog, with what the config asks where nothing else is. */
export function withConfig(
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
export function askedSelection(
  { output }: Pipeline,
  { filter, cells, maxCells, unknownExtent, duplicates, append }: PrepareOptions,
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
