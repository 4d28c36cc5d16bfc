/** What `catalog build --from X` takes from each source of granules. */
import type { CatalogQuery, RemovedGranules } from "../../catalog/schema.ts";
import type { Discovery } from "../../catalog/discover/discover.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { formatNumberOf } from "../../core/units.ts";
import type { CliContext, Progress } from "../io/context.ts";

/** An opened source: its rows, and what it has to say when they have been read. */
export interface OpenedSource {
  rows: AsyncIterable<GranuleRow>;
  /** After the last row. */
  queries(): CatalogQuery[];
  /** Lines for people: what was set aside and why. */
  notes(): string[];
  /** Granules that could not be read: the exit code is 3 when there are any. */
  failures: readonly { granule: string; reason: string }[];
  /** The rows are laid onto this catalog, which has its own order of cells. */
  onto?: { file: string; cellOrder: number; removed?: RemovedGranules | undefined };
  /** The output holds every row: what was kept for another try may go. */
  finished?(): void;
  close(): Promise<void>;
}

/**
 * A discovery as a source.
 * @param others what its links without data are called: link, key
 * @param ended what is to be done when the output holds every row
 */
export function discoveredSource(
  found: Discovery,
  others: string,
  context: CliContext,
  close: () => Promise<void>,
  ended?: () => void,
): OpenedSource {
  return {
    rows: found.rows,
    queries: () => [found.query()],
    notes: () => found.tally.lines(["granule", "note"]),
    failures: [],
    finished: () => {
      const count = found.tally.count("link");
      if (count > 0) {
        context.log.info(`no data: ${formatNumberOf(count, others)} (catalog info says what they are)`);
      }
      ended?.();
    },
    close,
  };
}

/** A progress line that stands from the first figure on. */
export function lazyProgress(context: CliContext, name: string, unit: string) {
  let progress: Progress | undefined;
  return {
    update(done: number, total: number | null): void {
      progress ??= context.log.progress(name, total, unit);
      progress.update(done);
    },
    end(): void {
      progress?.end();
      progress = undefined;
    },
  };
}
