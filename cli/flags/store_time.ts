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
  if (when !== "all" && !when?.includes("/")) return null;
  const windows = await store.windows();
  if (windows === null) throw inputError(`${store.name}: --time ${when}: the store has no windows of time`);
  const { starts, ends } = windows;
  const every = [...starts].map((start, step) => ({ store: store.at(step), start, end: ends[step] }));
  if (when === "all") return every;
  const [first, last, ...others] = when!.split("/");
  if (others.length > 0) {
    throw inputError(`--time "${when}" has more than one / (wanted FROM/TO, such as 2020-01/2020-06)`);
  }
  const from = secondsOf(first), to = secondsOf(last, true);
  const chosen = every.filter(({ start, end }) => end > from && start < to);
  if (chosen.length === 0) {
    throw inputError(`${store.name}: no window of time touches ${when} (they go ${extent(windows)})`);
  }
  return chosen;
}

/** Seconds since 1970 of a date or time; of the end of a year, month or day where one is meant whole. */
function secondsOf(when: string, end = false): number {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(when) ?? [];
  const seconds = year === undefined || !end
    ? instant(year === undefined ? when : `${year}-${month ?? "01"}-${day ?? "01"}`) / 1000
    : Date.UTC(
      Number(year) + (month === undefined ? 1 : 0),
      Number(month ?? 1) - (month !== undefined && day === undefined ? 0 : 1),
      Number(day ?? 1) + (day === undefined ? 0 : 1),
    ) / 1000;
  if (!Number.isNaN(seconds)) return seconds;
  throw inputError(
    `--time "${when}" is no date or time of ISO 8601 (wanted such as 2020-03, 2020-03-15, first or last)`,
  );
}

/** The window of a date; the store's windows are known. */
function stepOf(store: GranaryStore, windows: StoreTime, when: string): number {
  const { starts, ends } = windows;
  if (when === "first") return 0;
  if (when === "last") return starts.length - 1;
  // A month or a year stands for its beginning.
  const seconds = secondsOf(when);
  const step = starts.findIndex((start, i) => start <= seconds && seconds < ends[i]);
  if (step >= 0) return step;
  throw inputError(`${store.name}: no window of time holds ${when} (wanted one ${extent(windows)})`);
}

function extent({ starts, ends }: StoreTime): string {
  const text = (seconds: number) =>
    Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : "its end";
  return `from ${text(starts[0])} to ${text(ends[ends.length - 1])}`;
}
