/// <reference lib="dom" />
/** The step of a variable's other dimensions, where it has any. */
import { at, fillSelect, make } from "./dom.ts";

export class Steps {
  readonly #box = at("steps", HTMLElement);
  #select: HTMLSelectElement | null = null;
  readonly #onChosen: () => void;

  constructor(onChosen: () => void) {
    this.#onChosen = onChosen;
  }

  /** Offers the steps of a variable; none hides the choice. */
  show(bands: readonly string[], chosen: string | null = null): void {
    this.#box.replaceChildren();
    this.#select = null;
    if (bands.length === 0) return;
    const select = make("select", { id: "step", "aria-label": "Step of other dimensions" });
    const options = bands.map((value) => ({ value, label: value.replaceAll(",", ", ") }));
    fillSelect(select, options, chosen ?? undefined);
    select.addEventListener("change", () => this.#onChosen());
    this.#box.append(select);
    this.#select = select;
  }

  /** `level=850,time=…` as a request's `sel`; null where there is no choice. */
  get chosen(): string | null {
    return this.#select?.value ?? null;
  }
}
