/// <reference lib="dom" />
/** Times of a layer: those that its granules have, or a day that is typed. */
import { at } from "./dom.ts";
import { getJson, type Parameters, type StoreAnswer, type TimesAnswer } from "./server.ts";
import type { Layer } from "./layers.ts";

/** A second a step, while playing. */
const PLAY_MS = 1200;
/** In an address: all times together. */
const ALL = "all";

export class Times {
  #times: readonly string[] = [];
  #each: TimesAnswer["each"] = "time";
  /** The parameter that says the time: a search's, or a store's window. */
  #name: "temporal" | "time" = "temporal";
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #slider = at("time", HTMLInputElement);
  readonly #all = at("all-times", HTMLInputElement);
  readonly #date = at("date", HTMLInputElement);
  readonly #play = at("play", HTMLButtonElement);

  readonly #onChosen: () => void;

  constructor(onChosen: () => void) {
    this.#onChosen = onChosen;
    this.#slider.addEventListener("input", () => this.#chosen());
    this.#all.addEventListener("change", () => this.#chosen());
    this.#date.addEventListener("change", () => this.#chosen());
    at("earlier", HTMLButtonElement).addEventListener("click", () => this.#step(-1));
    at("later", HTMLButtonElement).addEventListener("click", () => this.#step(1));
    this.#play.addEventListener("click", () => this.#timer === undefined ? this.#begin() : this.stop());
  }

  /** Asks for the times of a layer; `wanted` is one that an address names. */
  async load(layer: Layer, wanted: string | null, signal: AbortSignal): Promise<void> {
    this.stop();
    this.#times = [];
    this.#each = "time";
    this.#name = layer.store === null ? "temporal" : "time";
    if (layer.store !== null) {
      const answer = await getJson<StoreAnswer>(layer.store, [], signal);
      // A window is named by its beginning.
      this.#times = (answer?.times ?? []).flatMap(({ start }) => start === null ? [] : [start]);
    }
    if (layer.catalog !== null && layer.collection !== null) {
      const answer = await getJson<TimesAnswer>(
        `catalogs/${encodeURIComponent(layer.catalog)}/times`,
        [["collection", layer.collection]],
        signal,
      );
      this.#times = answer?.times ?? [];
      this.#each = answer?.each ?? "time";
    }
    this.#date.value = "";
    const all = wanted === ALL && layer.store === null;
    this.#all.checked = all || this.#times.length === 0 && (wanted === null || layer.store !== null);
    const last = Math.max(0, this.#times.length - 1);
    this.#slider.max = String(last);
    const found = wanted === null ? -1 : this.#times.findIndex((time) => time === wanted);
    this.#slider.value = String(found === -1 ? last : found);
    if (found === -1 && wanted !== null && !all) this.#date.value = wanted.slice(0, 10);
    const listed = this.#times.length > 0;
    at("when", HTMLElement).hidden = !layer.timed && !listed;
    // A store is drawn in one of its windows.
    at("all-times-label", HTMLElement).hidden = layer.store !== null;
    for (const id of ["earlier", "later", "play"]) at(id, HTMLButtonElement).hidden = !listed;
    this.#slider.hidden = !listed;
    this.#date.hidden = listed;
    at("date-label", HTMLElement).hidden = listed;
    this.#show();
  }

  /** What of the search says the time. */
  parameters(): Parameters {
    const time = this.#current();
    if (time === null) return [];
    if (this.#name === "time") return [["time", time]];
    return [["temporal", time.length === "2024-10".length ? `${startOf(time)}/${endOf(time)}` : time]];
  }

  /** An interval of at most so many steps around what is chosen; none where no times are known. */
  around(steps: number): Parameters {
    if (this.#times.length === 0) return this.parameters();
    const middle = Number(this.#slider.value);
    const first = Math.max(0, Math.min(middle - Math.floor(steps / 2), this.#times.length - steps));
    const last = Math.min(this.#times.length - 1, first + steps - 1);
    const end = this.#endOfSeries(last);
    return [[this.#name, `${startOf(this.#times[first])}/${end}`]];
  }

  /** Where an interval ends that holds the time of an index: windows of a store begin before its end. */
  #endOfSeries(last: number): string {
    if (this.#name === "time") return this.#times[last + 1] ?? "..";
    return this.#each === "time" ? this.#times[last] : endOf(this.#times[last]);
  }

  /** What an address says of it: a time, or `all`; null where there is no choice. */
  get chosen(): string | null {
    return this.#all.checked ? (this.#name === "time" ? null : ALL) : this.#current();
  }

  get count(): number {
    return this.#times.length;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#play.textContent = "Play";
    this.#play.setAttribute("aria-pressed", "false");
  }

  #begin(): void {
    this.#play.textContent = "Stop";
    this.#play.setAttribute("aria-pressed", "true");
    this.#timer = setInterval(() => this.#step(1, true), PLAY_MS);
  }

  #step(by: number, round = false): void {
    const count = this.#times.length;
    if (count === 0) return;
    const next = Number(this.#slider.value) + by;
    this.#slider.value = String(round ? (next + count) % count : Math.max(0, Math.min(count - 1, next)));
    this.#all.checked = false;
    this.#chosen();
  }

  #chosen(): void {
    this.#show();
    this.#onChosen();
  }

  #current(): string | null {
    if (this.#all.checked) return null;
    if (this.#times.length > 0) return this.#times[Number(this.#slider.value)];
    return this.#date.value === "" ? null : this.#date.value;
  }

  #show(): void {
    const time = this.#current();
    const text = time === null ? (this.#times.length === 0 ? "" : "all times") : timeText(time);
    at("time-text", HTMLOutputElement).value = text;
    this.#slider.disabled = this.#all.checked;
    this.#slider.setAttribute("aria-valuetext", text);
  }
}

/** `2024-10-11 12:00` of a time; days and months as they are. */
export function timeText(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:00)?(:\d\d)?(\.0+)?Z?$/, "$1 $2$4").replace("T", " ");
}

function startOf(time: string): string {
  return time.length === 7 ? `${time}-01` : time;
}

/** The last day of a month, or the day itself: intervals hold their last day whole. */
function endOf(time: string): string {
  if (time.length !== 7) return time;
  const [year, month] = time.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}
