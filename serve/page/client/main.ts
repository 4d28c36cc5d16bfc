/// <reference lib="dom" />
/** The map page: what is chosen in the panel is drawn on the map, and stands in its address. */
import type OpenLayers from "ol/dist/ol.js";
import { type Basemap, makeBasemap } from "./basemap.ts";
import { type Asked, askedOf, stateText } from "./address.ts";
import { drawLegend, FAVOURITES, roundRange } from "./colours.ts";
import { at, fillRadios, fillSelect } from "./dom.ts";
import { type Drawn, tileAddress, tilejsonAddress, tileSource, wmtsAddress } from "./drawing.ts";
import {
  addressedLayer,
  type Choice,
  cmrLayer,
  cmrLayerOf,
  describe,
  type Described,
  type Layer,
  listLayers,
} from "./layers.ts";
import { RangeFields, rangeOf } from "./range.ts";
import { getJson, type Parameters } from "./server.ts";
import { Steps } from "./steps.ts";
import { Times } from "./times.ts";
import { SERIES_STEPS, showValues } from "./values.ts";
import { lookAt, lookOf, type MapView, OFFERED, planeBox, viewOf } from "./views.ts";

declare const ol: typeof OpenLayers;

const NOTHING: Described = { choices: [], box: null, note: "" };
const FIRST_VIEW = "WebMercatorQuad";
/** What is drawn without a range. */
const BYTES = [0, 255] as const;
const MOST_LAYERS_WITHOUT_FILTER = 8;

class Page {
  readonly #map = new ol.Map({
    target: "map",
    controls: ol.control.defaults.defaults({ attribution: false }),
  });
  readonly #times = new Times(() => this.#draw());
  readonly #steps = new Steps(() => this.#draw());
  readonly #range = new RangeFields({
    onChosen: () => this.#draw(),
    onRefused: (message) => this.#tell(message),
  });
  readonly #tiles = new ol.layer.Tile({ zIndex: 1, className: "tiles" });
  readonly #marker = new ol.layer.Vector({ source: new ol.source.Vector(), zIndex: 3 });
  #layers: Layer[] = [];
  #layer: Layer | undefined;
  #described = NOTHING;
  #view: MapView | undefined;
  #basemap: Basemap | undefined;
  /** Views that were asked for: the last one counts. */
  #turns = 0;
  #render: Parameters = [];
  /** Ends what was asked for a former choice. */
  #choosing = new AbortController();
  #reading = new AbortController();
  /** Whether the page shows what its address asks for, and the address follows what is shown. */
  #shown = false;

  async start(asked: Asked): Promise<void> {
    this.#map.addControl(new ol.control.ScaleLine());
    this.#listen();
    const [{ layers, cmr }, colormaps] = await Promise.all([
      listLayers(),
      getJson<{ colormaps: string[] }>("colorMaps"),
    ]);
    const names = colormaps?.colormaps ?? [];
    fillSelect(
      at("colormap", HTMLSelectElement),
      [
        ...FAVOURITES.filter((name) => names.includes(name)),
        ...names.filter((name) => !FAVOURITES.includes(name)),
      ]
        .map((value) => ({ value, label: value })),
      asked.state.colormap ?? asked.search.get("colormap_name") ?? FAVOURITES[0],
    );
    at("cmr", HTMLElement).hidden = !cmr;
    this.#layers = layers;
    if (asked.backend !== null) this.#layers.unshift(addressedLayer(asked.backend, asked.search));
    this.#range.chosen = asked.state.range ?? rangeOf(asked.search.get("rescale"));
    this.#setOpacity(asked.state.opacity ?? 1);
    this.#render = ["colormap", "color_formula"].flatMap((name) =>
      asked.search.getAll(name).map((value) => [name, value] as const)
    );
    await this.#setView(asked.state.view ?? asked.set ?? FIRST_VIEW, null);
    const first = this.#first(asked, cmr);
    this.#listLayers(first?.id);
    if (first === undefined) return this.#tell("Nothing is served here yet.");
    const { state, search } = asked;
    const time = state.time ?? search.get("temporal") ?? search.get("datetime") ?? search.get("time");
    const variable = state.variable ?? search.get("variable");
    await this.#choose(first, { time, variable, step: state.step, fit: state.center === null });
    if (this.#view !== undefined) lookAt(this.#map, this.#view, state);
    this.#shown = true;
    this.#keep();
    this.#map.on("moveend", () => this.#keep());
    addEventListener("hashchange", () => location.reload());
  }

  /** The layer that an address means, or the first. */
  #first({ store, state }: Asked, cmr: boolean): Layer | undefined {
    const id = state.layer ?? (store === null ? null : `store/${store}`);
    const found = this.#layers.find((layer) => layer.id === id);
    const asked = found === undefined && cmr && id !== null ? cmrLayerOf(id) : null;
    if (asked !== null) this.#layers.unshift(asked);
    return found ?? this.#layers[0];
  }

  /** Writes what is shown into the page's address. */
  #keep(): void {
    const view = this.#view;
    if (!this.#shown || view === undefined) return;
    const text = stateText({
      layer: this.#layer?.id ?? null,
      variable: this.#choice()?.label ?? null,
      step: this.#steps.chosen,
      time: this.#times.chosen,
      colormap: at("colormap", HTMLSelectElement).value,
      range: this.#range.chosen,
      opacity: at("opacity", HTMLInputElement).valueAsNumber,
      view: view.id,
      ...lookOf(this.#map, view),
    });
    history.replaceState(null, "", `#${text}`);
  }

  #setOpacity(opacity: number): void {
    at("opacity", HTMLInputElement).value = String(opacity);
    this.#tiles.setOpacity(opacity);
  }

  #listen(): void {
    for (const layer of [this.#tiles, this.#marker]) this.#map.addLayer(layer);
    this.#map.on("singleclick", ({ coordinate }) => void this.#read(coordinate));
    at("map", HTMLElement).addEventListener("keydown", (event) => {
      const centre = this.#map.getView().getCenter();
      if (event.key !== "Enter" || centre === undefined) return;
      event.preventDefault();
      void this.#read(centre);
    });
    at("values-close", HTMLElement).addEventListener("click", () => this.#closeValues());
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.#closeValues());
    at("variable", HTMLSelectElement).addEventListener("change", () => {
      this.#range.chosen = null;
      this.#steps.show(this.#choice()?.bands ?? []);
      this.#draw();
    });
    at("colormap", HTMLSelectElement).addEventListener("change", () => this.#draw());
    at("opacity", HTMLInputElement).addEventListener("input", ({ target }) => {
      if (target instanceof HTMLInputElement) this.#tiles.setOpacity(target.valueAsNumber);
      this.#keep();
    });
    at("copy", HTMLElement).addEventListener("click", () => void this.#copy());
    at("layer-filter", HTMLInputElement).addEventListener("input", () => this.#listLayers());
    at("cmr", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const layer = cmrLayer(at("concept", HTMLInputElement).value.trim());
      this.#layers = [layer, ...this.#layers.filter(({ id }) => id !== layer.id)];
      this.#listLayers(layer.id);
      void this.#choose(layer, { time: null, variable: null, fit: true });
    });
    const fold = at("fold", HTMLButtonElement);
    fold.addEventListener("click", () => {
      const open = document.body.classList.toggle("folded");
      fold.setAttribute("aria-expanded", String(!open));
      this.#map.updateSize();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#basemap?.restyle());
  }

  #listLayers(chosen = this.#layer?.id ?? this.#layers[0]?.id ?? ""): void {
    const filter = at("layer-filter", HTMLInputElement);
    filter.hidden = this.#layers.length <= MOST_LAYERS_WITHOUT_FILTER;
    const wanted = filter.value.trim().toLowerCase();
    const shown = this.#layers.filter(({ title, note }) => `${title} ${note}`.toLowerCase().includes(wanted));
    fillRadios(
      at("layers", HTMLElement),
      "layer",
      shown.map(({ id, title, note }) => ({ value: id, label: title, note })),
      chosen,
      (id) => {
        const layer = this.#layers.find((one) => one.id === id);
        if (layer !== undefined) void this.#choose(layer, { time: null, variable: null, fit: true });
      },
    );
  }

  async #choose(
    layer: Layer,
    { time, variable, step = null, fit }: {
      time: string | null;
      variable: string | null;
      step?: string | null;
      fit: boolean;
    },
  ): Promise<void> {
    this.#choosing.abort();
    const { signal } = this.#choosing = new AbortController();
    // The range and the render of an address are of its own layer.
    if (this.#layer !== undefined) {
      this.#range.chosen = null;
      this.#render = [];
    }
    this.#layer = layer;
    this.#described = NOTHING;
    this.#closeValues();
    this.#draw();
    this.#tell("The layer is read…");
    try {
      const [described] = await Promise.all([describe(layer, signal), this.#times.load(layer, time, signal)]);
      if (signal.aborted) return;
      this.#described = described;
    } catch (error) {
      if (signal.aborted) return;
      this.#tell((error as Error).message);
      return;
    }
    const { choices, box, note } = this.#described;
    const select = at("variable", HTMLSelectElement);
    fillSelect(select, choices.map(({ label }, i) => ({ value: String(i), label })), "0");
    const asked = choices.findIndex(({ label, parameters }) =>
      label === variable || parameters.some(([name, value]) => name === "variable" && value === variable)
    );
    if (asked > 0) select.value = String(asked);
    at("what", HTMLElement).hidden = choices.length === 0;
    at("about", HTMLElement).textContent = note;
    this.#tell(choices.length === 0 ? `${layer.title} cannot be drawn. ${note}` : "");
    this.#steps.show(this.#choice()?.bands ?? [], step);
    if (fit && box !== null) this.#fit(box);
    this.#draw();
  }

  #choice(): Choice | undefined {
    return this.#described.choices[Number(at("variable", HTMLSelectElement).value)];
  }

  #drawn(): Drawn | undefined {
    const choice = this.#choice();
    if (this.#layer === undefined || choice === undefined) return undefined;
    return {
      layer: this.#layer,
      choice,
      step: this.#steps.chosen,
      time: this.#layer.timed || this.#layer.store !== null ? this.#times.parameters() : [],
      colormap: at("colormap", HTMLSelectElement).value,
      range: this.#range.chosen,
      render: this.#render,
    };
  }

  #draw(): void {
    const drawn = this.#drawn();
    const view = this.#view;
    if (drawn === undefined || view === undefined) {
      this.#tiles.setSource(null);
      void drawLegend(null);
      return;
    }
    const { choice, colormap } = drawn;
    const title = choice.units === null ? choice.label : `${choice.label} (${choice.units})`;
    const legend = (range: readonly [number, number]) => choice.single ? { title, colormap, range } : null;
    const source = tileSource(drawn, view, {
      onRange: (range) => {
        // The first tile's range is taken for all, so that neighbours agree.
        if (this.#range.chosen !== null || this.#tiles.getSource() !== source) return;
        if (range === null) return void drawLegend(legend(BYTES));
        this.#range.chosen = roundRange(...range);
        this.#draw();
      },
      onRefused: (message) => {
        if (this.#tiles.getSource() === source) this.#tell(message);
      },
    });
    this.#tiles.setSource(source);
    at("address", HTMLInputElement).value = tileAddress(drawn, view);
    at("tilejson", HTMLAnchorElement).href = tilejsonAddress(drawn, view);
    at("wmts", HTMLAnchorElement).href = wmtsAddress(drawn);
    void drawLegend(drawn.range === null ? null : legend(drawn.range));
    this.#keep();
  }

  async #setView(id: string, box: readonly number[] | null): Promise<void> {
    const turn = ++this.#turns;
    let view: MapView;
    let basemap: Basemap;
    try {
      view = await viewOf(id);
      basemap = await makeBasemap(view);
    } catch (error) {
      this.#tell((error as Error).message);
      if (id !== FIRST_VIEW) await this.#setView(FIRST_VIEW, box);
      return;
    }
    if (turn !== this.#turns) return;
    this.#tiles.setSource(null);
    for (const layer of [this.#basemap?.under, this.#basemap?.over]) {
      if (layer !== undefined) this.#map.removeLayer(layer);
    }
    this.#view = view;
    this.#basemap = basemap;
    this.#map.addLayer(basemap.under);
    this.#map.addLayer(basemap.over);
    const [left, bottom, right, top] = view.extent;
    this.#map.setView(
      new ol.View({
        projection: view.projection,
        center: [(left + right) / 2, (bottom + top) / 2],
        zoom: 1,
        minZoom: 0,
        multiWorld: true,
        constrainResolution: false,
      }),
    );
    this.#fit(box ?? [-180, view.pole === "south" ? -90 : -60, 180, view.pole === "north" ? 90 : 75]);
    const offered = OFFERED.some(({ value }) => value === id);
    fillRadios(
      at("views", HTMLElement),
      "view",
      offered ? OFFERED : [...OFFERED, { value: id, label: id }],
      id,
      (chosen) => {
        this.#closeValues();
        void this.#setView(chosen, this.#described.box).then(() => this.#draw());
      },
    );
  }

  #fit(box: readonly number[]): void {
    if (this.#view === undefined) return;
    this.#map.getView().fit(planeBox(this.#view, box), { padding: [24, 24, 24, 24], maxZoom: 12 });
  }

  async #read(coordinate: readonly number[]): Promise<void> {
    const drawn = this.#drawn();
    const view = this.#view;
    if (drawn === undefined || view === undefined) return;
    const [x, latitude] = ol.proj.transform([...coordinate], view.projection, "EPSG:4326");
    const longitude = x - 360 * Math.floor((x + 180) / 360);
    this.#reading.abort();
    const { signal } = this.#reading = new AbortController();
    const source = this.#marker.getSource();
    source?.clear();
    source?.addFeature(new ol.Feature(new ol.geom.Point([...coordinate])));
    const steps = drawn.step === null ? [] : drawn.step.split(",").map((one) => ["sel", one] as const);
    try {
      await showValues({
        layer: drawn.layer,
        choice: { ...drawn.choice, parameters: [...drawn.choice.parameters, ...steps] },
        longitude,
        latitude,
        time: drawn.time,
        series: this.#times.count > 1 ? this.#times.around(SERIES_STEPS) : null,
      }, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#closeValues();
      this.#tell((error as Error).message);
    }
  }

  #closeValues(): void {
    this.#reading.abort();
    this.#marker.getSource()?.clear();
    at("values", HTMLElement).hidden = true;
  }

  async #copy(): Promise<void> {
    const field = at("address", HTMLInputElement);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      this.#tell("The address of the tiles is copied.");
    } catch {
      this.#tell("The address is selected: copy it with the keyboard.");
    }
  }

  #tell(message: string): void {
    at("status", HTMLElement).textContent = message;
  }
}

await new Page().start(askedOf(location)).catch((error: Error) => {
  at("status", HTMLElement).textContent = error.message;
});
