/** `granary diff A B`: whether two stores hold the same cells and values, and where they part. */
import type { Command } from "@commander-js/extra-typings";
import type { StoreDiff } from "../../core/store/diff.ts";
import { GranaryError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import { listOf, numberWithin, whole } from "../flags/numbers.ts";
import { openStoreAt } from "../flags/store_place.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { storeToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary diff before.zarr after.zarr
  granary diff here.zarr s3://bucket/there.zarr --variable h_mean,count --order 12
  granary diff a.zarr b.zarr --rtol 1e-6 --atol 0.001

Values are the same where |a - b| <= atol + rtol |b|. Cells in which no compared variable has a value are in
neither store. Exit codes: 0 the same within the tolerances, 1 different, 2 no two stores to compare.`;

export function addDiff(program: Command, context: CliContext): void {
  program.command("diff")
    .description("compare two stores: levels, cells, variables, values, and the worst difference")
    .argument("<store>", "a store: a folder, s3://bucket/prefix or an HTTPS address", storeToRead)
    .argument("<other-store>", "the store to compare it with", storeToRead)
    .option("--variable <names>", "compare these only, with commas between", listOf)
    .option("--order <n>", "compare this level only", whole(0, 29))
    .option("--atol <number>", "absolute tolerance", numberWithin(0, Number.MAX_VALUE), 0)
    .option("--rtol <number>", "relative tolerance, of B's value", numberWithin(0, Number.MAX_VALUE), 0)
    .addHelpText("after", EXAMPLES)
    .action(async (a, b, { variable, order, atol, rtol }) => {
      const { diffStores } = await import("../../core/store/diff.ts");
      const left = await openStoreAt(a, context);
      try {
        const right = await openStoreAt(b, context);
        try {
          const diff = await diffStores(left, right, {
            variables: variable,
            order,
            tolerance: { absolute: atol, relative: rtol },
            signal: context.signal,
          });
          if (context.json) printReport(context, "diff", diff);
          else printDiff(diff, context);
          if (!diff.same) {
            throw new GranaryError("input", `${a} and ${b} are different`, { exitCode: 1 });
          }
        } finally {
          await right.close();
        }
      } finally {
        await left.close();
      }
    });
}

function printDiff(diff: StoreDiff, { out }: CliContext): void {
  for (const order of diff.levelsOnlyA) out.write(`Level ${order}: only in ${diff.a}\n`);
  for (const order of diff.levelsOnlyB) out.write(`Level ${order}: only in ${diff.b}\n`);
  for (const window of diff.windowsOnlyA) out.write(`The window from ${window}: only in ${diff.a}\n`);
  for (const window of diff.windowsOnlyB) out.write(`The window from ${window}: only in ${diff.b}\n`);
  for (const level of diff.levels) {
    const { cells, latitudes } = level;
    out.write(
      `Level ${level.order}${level.window === null ? "" : `, from ${level.window}`}: ${
        formatCount(cells.both)
      } cells in both, ${formatCount(cells.onlyA)} only in A,` +
        ` ${formatCount(cells.onlyB)} only in B\n`,
    );
    if (latitudes.a !== latitudes.b) {
      out.write(`latitudes are ${latitudes.a} in A and ${latitudes.b} in B: equal ids are other places\n`);
    }
    for (const name of level.variablesOnlyA) out.write(`${name}: only in A\n`);
    for (const name of level.variablesOnlyB) out.write(`${name}: only in B\n`);
    if (level.variables.length === 0) continue;
    out.table(
      ["variable", "type", "compared", "different", "only in A", "only in B", "worst", "cell", "A", "B"],
      level.variables.map(({ name, types, compared, different, onlyA, onlyB, worst }) => [
        name,
        types.a === types.b ? types.a : `${types.a}, ${types.b}`,
        compared,
        different,
        onlyA,
        onlyB,
        worst?.difference ?? 0,
        worst === null ? "" : `${level.order}/${worst.cell}`,
        worst?.a ?? "",
        worst?.b ?? "",
      ]),
    );
  }
}
