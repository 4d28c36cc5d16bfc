/** Warns of granules in a catalog that hold the same observations: a run over them is refused or folds them. */
import type { CliContext } from "../io/context.ts";

/** One line on stderr, where there are any. */
export async function warnOfDuplicates(file: string, context: CliContext): Promise<void> {
  const { duplicatesIn } = await import("../../catalog/query/duplicates_in.ts");
  const found = await duplicatesIn(file, { signal: context.signal });
  if (found === null) return;
  context.log.warn(
    `${file}: ${found.count} of its granules hold what others do (${found.text}); granary aggregate takes one of` +
      " each (--duplicates says otherwise)",
  );
}
