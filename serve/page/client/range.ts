/// <reference lib="dom" />
/** The range of values that colours are spread over: typed, of an address, or chosen by the values. */
import { pairOf } from "./address.ts";
import { at, shortNumber } from "./dom.ts";

type Range = readonly [low: number, high: number];

interface RangeEvents {
  /** Another range is chosen, or none. */
  onChosen(): void;
  onRefused(message: string): void;
}

export class RangeFields {
  #range: Range | null = null;
  readonly #low = at("low", HTMLInputElement);
  readonly #high = at("high", HTMLInputElement);

  constructor(events: RangeEvents) {
    for (const field of [this.#low, this.#high]) {
      field.addEventListener("change", () => {
        const [low, high] = [this.#low.valueAsNumber, this.#high.valueAsNumber];
        if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
          return events.onRefused("The range goes from a lower to a higher number.");
        }
        this.#range = [low, high];
        events.onChosen();
      });
    }
    at("auto", HTMLElement).addEventListener("click", () => {
      this.chosen = null;
      events.onChosen();
    });
  }

  /** Null lets the server choose by the values. */
  get chosen(): Range | null {
    return this.#range;
  }

  set chosen(range: Range | null) {
    this.#range = range;
    const [low, high] = range ?? [];
    this.#low.value = low === undefined ? "" : shortNumber(low);
    this.#high.value = high === undefined ? "" : shortNumber(high);
  }
}

/** The range that a request's `rescale` states; null where it states none. */
export function rangeOf(rescale: string | null): Range | null {
  const [low, high] = pairOf(rescale) ?? [NaN, NaN];
  return low < high ? [low, high] : null;
}
