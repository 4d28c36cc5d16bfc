/// <reference lib="dom" />
/** Values at a place, and their series over time. */
import { chartOf, type Sample } from "./chart.ts";
import { at, make, shortNumber } from "./dom.ts";
import type { Choice, Layer } from "./layers.ts";
import {
  getJson,
  type GranuleAnswer,
  type Parameters,
  type PointAnswer,
  type StorePointAnswer,
  type StoreSeriesAnswer,
} from "./server.ts";

/** More than a float32 has; the whole number stands in the tip. */
const DIGITS = 9;
/** Granules that one series is made of, at most. */
export const SERIES_STEPS = 60;

interface PlaceRequest {
  readonly layer: Layer;
  readonly choice: Choice;
  readonly longitude: number;
  readonly latitude: number;
  /** The time that is shown, as parameters of the search. */
  readonly time: Parameters;
  /** The times of the series; null where there is none. */
  readonly series: Parameters | null;
}

/** Fills the card of values. Throws what the server refuses. */
export async function showValues(request: PlaceRequest, signal: AbortSignal): Promise<void> {
  const { layer, choice, longitude, latitude } = request;
  const body = at("values-body", HTMLElement);
  const series = at("series", HTMLElement);
  at("values", HTMLElement).hidden = false;
  at("values-title", HTMLElement).textContent = placeText(longitude, latitude);
  body.replaceChildren(make("p", { class: "note" }, "The value is read…"));
  series.replaceChildren();
  const place = `${longitude.toFixed(6)},${latitude.toFixed(6)}`;
  if (layer.store !== null) {
    const answer = await getJson<StorePointAnswer>(`${layer.store}/point/${place}`, request.time, signal);
    if (answer === null) {
      return void body.replaceChildren(make("p", {}, "There is no cell with a value here."));
    }
    const name = choice.parameters[0][1];
    if (request.series !== null) {
      const asked = [["variable", name] as const, ...request.series];
      const windows = await getJson<StoreSeriesAnswer>(
        `${layer.store}/timeseries/point/${place}`,
        asked,
        signal,
      );
      series.replaceChildren(seriesOf(windowSamples(windows, name), choice.label));
    }
    const rows = Object.entries(answer.values).map(([variable, value]) =>
      row(variable, value, variable === name ? choice.units : null, variable === name)
    );
    body.replaceChildren(
      make("table", {}, ...rows),
      make("p", { class: "note" }, `Cell ${answer.cell}`),
    );
    return;
  }
  const path = `${choice.path}/point/${place}`;
  const what = [...layer.search, ...choice.parameters];
  const answer = await getJson<PointAnswer>(path, [...what, ...request.time, ["items_limit", "5"]], signal);
  const assets = answer?.assets ?? [];
  if (assets.length === 0) body.replaceChildren(make("p", {}, "No granule is here."));
  else {
    const rows = assets.flatMap(({ name, values, band_descriptions: bands }) =>
      values.map((value, i) => row(values.length === 1 ? name : `${name} ${bands[i]}`, value, choice.units))
    );
    body.replaceChildren(make("table", {}, ...rows));
  }
  if (request.series === null || !choice.single) return;
  series.replaceChildren(make("p", { class: "note" }, "The time series is read…"));
  const search = [...layer.search, ...request.series, ["items_limit", String(SERIES_STEPS)] as const];
  const [points, granules] = await Promise.all([
    getJson<PointAnswer>(path, [...search, ...choice.parameters], signal),
    getJson<GranuleAnswer[]>(`point/${place}/granules`, search, signal),
  ]);
  const samples = samplesOf(points?.assets ?? [], granules ?? []);
  series.replaceChildren(seriesOf(samples, choice.label));
}

function seriesOf(samples: readonly Sample[], label: string): Element {
  return samples.length < 2
    ? make("p", { class: "note" }, "There is no series here: fewer than two times have a value.")
    : chartOf(samples, label);
}

function windowSamples(answer: StoreSeriesAnswer | null, name: string): Sample[] {
  return (answer?.times ?? []).flatMap(({ start }, i) => {
    const value = answer?.values[name]?.[i] ?? null;
    return start === null || value === null ? [] : [{ time: start, value }];
  });
}

function samplesOf(assets: PointAnswer["assets"], granules: readonly GranuleAnswer[]): Sample[] {
  const times = new Map(granules.map((one) => [one.granule_ur, timeOf(one)]));
  return assets.flatMap(({ name, values: [value] }) => {
    const time = times.get(name);
    return time === undefined || value === null || value === undefined ? [] : [{ time, value }];
  }).sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function timeOf({ temporal_extent: extent }: GranuleAnswer): string | undefined {
  return extent?.RangeDateTime?.BeginningDateTime ?? extent?.SingleDateTime;
}

function row(name: string, value: number | null, units: string | null, strong = false): HTMLTableRowElement {
  const text = value === null ? "no value" : shortNumber(value, DIGITS);
  return make(
    "tr",
    strong ? { class: "chosen" } : {},
    make("th", { scope: "row", title: name }, name),
    make(
      "td",
      value === null ? {} : { title: String(value) },
      units === null || value === null ? text : `${text} ${units}`,
    ),
  );
}

/** `12.3456° N, 45.6789° W`. */
function placeText(longitude: number, latitude: number): string {
  const part = (value: number, plus: string, minus: string) => {
    const rounded = Math.round(value * 1e4) / 1e4;
    return `${Math.abs(rounded)}° ${rounded < 0 ? minus : plus}`;
  };
  return `${part(latitude, "N", "S")}, ${part(longitude, "E", "W")}`;
}
