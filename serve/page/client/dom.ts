/// <reference lib="dom" />
/** Elements by name and by making. Text goes in as text: nothing of a name is ever read as HTML. */

/** The page's element of an id. Throws where the page has none of that kind. */
export function at<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} "${id}"`);
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function makeSvg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
  ...inside: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...inside);
  return element;
}

interface Option {
  readonly value: string;
  readonly label: string;
}

/** Fills a choice; what was chosen stays, where it is still there. */
export function fillSelect(select: HTMLSelectElement, options: readonly Option[], chosen?: string): void {
  const wanted = chosen ?? select.value;
  select.replaceChildren(...options.map(({ value, label }) => make("option", { value }, label)));
  if (options.some(({ value }) => value === wanted)) select.value = wanted;
}

/** Radio buttons of one name, in a box; `onChosen` hears the value of each choice that is made. */
export function fillRadios(
  box: HTMLElement,
  name: string,
  options: readonly (Option & { note?: string })[],
  chosen: string,
  onChosen: (value: string) => void,
): void {
  box.replaceChildren(...options.map(({ value, label, note }) => {
    const input = make("input", { type: "radio", name, value });
    input.checked = value === chosen;
    input.addEventListener("change", () => {
      if (input.checked) onChosen(value);
    });
    const text = make("span", { class: "label" }, label);
    if (note !== undefined) text.append(make("small", {}, note));
    return make("label", { class: "choice" }, input, text);
  }));
}

/** A number as people read it, of so many significant digits at most. */
export function shortNumber(value: number, digits = 6): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(digits - 1).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(digits)));
}
