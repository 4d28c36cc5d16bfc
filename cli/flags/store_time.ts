/** `--time` of commands that read a store in one of its windows of time. */
import { instant } from "../../core/cf_time.ts";
import { inputError } from "../../core/errors.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import type { GranaryStore } from "../../core/store/open.ts";

/**
 * The store in the window that `--time` names: one that holds a date or time of ISO 8601, `first` or `last`.
 * Throws an input error where a store with windows needs one and none is said, and where the store has none.
 */
export async function inWindow(store: GranaryStore, when: string | undefined): Promise<GranaryStore> {
  const windows = await store.windows();
  if (windows === null) {
    if (when === undefined) return store;
    throw inputError(`${store.name}: --time ${when}: the store has no windows of time`);
  }
  if (when === undefined) {
    throw inputError(
      `${store.name}: which window of time? (wanted --time with a date ${extent(windows)}, first or last)`,
    );
  }
  return store.at(stepOf(store, windows, when));
}

/** The window of a date; the store's windows are known. */
function stepOf(store: GranaryStore, windows: StoreTime, when: string): number {
  const { starts, ends } = windows;
  if (when === "first") return 0;
  if (when === "last") return starts.length - 1;
  // A month or a year stands for its beginning.
  const seconds =
    instant(/^\d{4}$/.test(when) ? `${when}-01-01` : /^\d{4}-\d\d$/.test(when) ? `${when}-01` : when) / 1000;
  if (Number.isNaN(seconds)) {
    throw inputError(
      `--time "${when}" is no date or time of ISO 8601 (wanted such as 2020-03, 2020-03-15, first or last)`,
    );
  }
  const step = starts.findIndex((start, i) => start <= seconds && seconds < ends[i]);
  if (step >= 0) return step;
  throw inputError(`${store.name}: no window of time holds ${when} (wanted one ${extent(windows)})`);
}

function extent({ starts, ends }: StoreTime): string {
  const text = (seconds: number) =>
    Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : "its end";
  return `from ${text(starts[0])} to ${text(ends[ends.length - 1])}`;
}
