/** The columns of a config: those that it names, those of other rates, and those that no dataset has. */
import type { Column, RowLink } from "../../core/observations/contract.ts";
import { GIVEN_COLUMNS } from "../../products/given_columns.ts";
import type { Context } from "./context.ts";
import type { ConfigInput } from "./schema.ts";

/** In the config's order, given ones last: a name that statistics use and nothing else has is the given column of that name. */
export function columnsOf(input: ConfigInput): Column[] {
  const { variables } = input.data_source;
  const columns: Column[] = Object.entries(variables).map(([name, of]) => ({ name, path: columnPath(of) }));
  for (const [level, { variables: own = {} }] of Object.entries(input.data_source.levels ?? {})) {
    const link = linkOf(input, level);
    for (const [name, of] of Object.entries(own)) {
      columns.push({ name, path: columnPath(of), ...link === undefined ? {} : { link } });
    }
  }
  const known = new Set(columns.map(({ name }) => name));
  const used = usedNames(input);
  for (const name of GIVEN_COLUMNS) {
    if (used.has(name) && !known.has(name)) columns.push({ name, path: `@${name}` });
  }
  return columns;
}

/** The path of a column as configs write it: a path, or a path and the index of a column of two dimensions. */
export function columnPath(of: ConfigInput["data_source"]["variables"][string]): string {
  if (typeof of === "string") return of;
  return of.column === undefined ? of.path : `${of.path}[:,${of.column}]`;
}

/** How a level belongs to the rows; undefined for the base level. */
export function linkOf({ data_source: { levels } }: ConfigInput, level: string): RowLink | undefined {
  const link = Object.hasOwn(levels ?? {}, level) ? levels![level].link : undefined;
  if (link === undefined || link === null) return undefined;
  if (link.broadcast) return { kind: "broadcast" };
  if (link.repeat) return { kind: "repeat" };
  return { kind: "ranges", begin: link.index_beg ?? "", count: link.count ?? "", base: link.index_base ?? 0 };
}

/** Faults of levels: links that say nothing or two things, levels that lead elsewhere, columns of one name. */
export function checkLevels(input: ConfigInput, { faults }: Context): void {
  const { levels = {}, base_level: base, variables } = input.data_source;
  const names = Object.keys(levels);
  const bases = names.filter((name) => (levels[name].link ?? null) === null);
  if (base !== undefined && !names.includes(base)) {
    faults.value(
      ["data_source", "base_level"],
      `"${base}" is none of the levels (${names.join(", ") || "none"})`,
    );
  }
  const own = base ?? (bases.length === 1 ? bases[0] : undefined);
  const seen = new Set(Object.keys(variables));
  for (const name of names) {
    const at = ["data_source", "levels", name];
    const { link, variables: columns = {} } = levels[name];
    for (const column of Object.keys(columns)) {
      if (seen.has(column)) {
        faults.key([...at, "variables", column], `a second column of the name "${column}"`);
      }
      seen.add(column);
    }
    if (link === undefined || link === null) {
      if (own !== undefined && name !== own) faults.value(at, `has no link to the base level ${own}`);
      continue;
    }
    if (name === base) faults.value([...at, "link"], "the base level has none (write null)");
    if (own !== undefined && link.to !== own) {
      faults.value([...at, "link", "to"], `"${link.to}" is not the base level (wanted ${own})`);
    }
    const ranges = link.index_beg !== undefined && link.count !== undefined;
    const half = (link.index_beg === undefined) !== (link.count === undefined);
    const kinds = [ranges, link.repeat === true, link.broadcast === true].filter(Boolean).length;
    if (half || kinds !== 1) {
      faults.value([...at, "link"], "wants index_beg and count, or repeat: true, or broadcast: true");
    }
  }
}

/** Names in sources, expressions and parameters of statistics, and those that functions of time use unasked. */
function usedNames({ aggregation, data_source: { filters = [] } }: ConfigInput): Set<string> {
  const used = new Set<string>();
  const take = (text: unknown) => {
    for (const [name] of String(text ?? "").matchAll(/[A-Za-z_]\w*/g)) used.add(name);
  };
  filters.flatMap(expressionsOf).forEach(take);
  for (const { function: named, source, expression, params = {} } of Object.values(aggregation.variables)) {
    const texts = [source, expression, ...Object.values(params).filter((value) => typeof value === "string")];
    texts.forEach(take);
    if ((named === "first" || named === "last") && params.by === undefined) used.add("time");
  }
  return used;
}

type FilterInput = NonNullable<ConfigInput["data_source"]["filters"]>[number];

/** Expressions of a filter and of those in it. */
function expressionsOf({ expression, all = [], any = [], not }: FilterInput): string[] {
  return [
    ...expression === undefined ? [] : [expression],
    ...[...all, ...any, ...not === undefined ? [] : [not]].flatMap(expressionsOf),
  ];
}
