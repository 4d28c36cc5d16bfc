/** `--time` of commands that read a store in one of its windows of time. */
import { inputError } from "../../core/errors.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import type { GranaryStore } from "../../core/store/open.ts";
import { extentOfWindows, windowOf, windowsIn } from "../../core/store/window_choice.ts";

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
      `${store.name}: which window of time? (wanted --time with a date ${
        extentOfWindows(windows)
      }, first or last)`,
    );
  }
  return store.at(stepOf(store, windows, when));
}

/** A store in one of its windows, and the window's ends in seconds since 1970 UTC. */
interface OpenedWindow {
  store: GranaryStore;
  start: number;
  end: number;
}

/**
 * The windows that `--time` names: `all`, or `FROM/TO`, those that touch what lies between two dates, both of which
 * belong to it. Null where it names one window, or none.
 */
export async function inWindows(
  store: GranaryStore,
  when: string | undefined,
): Promise<OpenedWindow[] | null> {
  if (when === undefined || when !== "all" && !when.includes("/")) return null;
  const windows = await store.windows();
  if (windows === null) throw inputError(`${store.name}: --time ${when}: the store has no windows of time`);
  const { starts, ends } = windows;
  const opened = (step: number) => ({ store: store.at(step), start: starts[step], end: ends[step] });
  if (when === "all") return starts.map((_, step) => opened(step));
  const chosen = windowsIn(windows, when);
  if (chosen === null) {
    throw inputError(`--time "${when}" is no interval of dates (wanted FROM/TO, such as 2020-01/2020-06)`);
  }
  if (chosen.length === 0) {
    throw inputError(
      `${store.name}: no window of time touches ${when} (they go ${extentOfWindows(windows)})`,
    );
  }
  return chosen.map(opened);
}

/** The window of a date; the store's windows are known. */
function stepOf(store: GranaryStore, windows: StoreTime, when: string): number {
  const step = windowOf(windows, when);
  if (step >= 0) return step;
  if (step === -1) {
    throw inputError(
      `${store.name}: no window of time holds ${when} (wanted one ${extentOfWindows(windows)})`,
    );
  }
  throw inputError(
    `--time "${when}" is no date or time of ISO 8601 (wanted such as 2020-03, 2020-03-15, first or last)`,
  );
}
