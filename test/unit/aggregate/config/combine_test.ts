import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate } from "../../../../aggregate/aggregate.ts";
import { combinePipelines } from "../../../../aggregate/config/combine.ts";
import { presetText } from "../../../../products/presets/index.ts";
import { loadConfigs, loadPreset, parseConfigs } from "../../../../aggregate/config/load.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import type { Pipeline } from "../../../../aggregate/pipeline.ts";
import { localGranules } from "../../../../aggregate/local_granules.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { openStore } from "../../../../core/store/open.ts";
import { simulate } from "../../../../products/simulate/simulate.ts";
import { temporaryFolder } from "../../../support/binary.ts";

/** Another look at the same granules: all rows, other columns, what no dataset has. */
const OTHER = `
data_source:
  collections: ["ATL06.*"]
  groups: [gt1l, gt3r]
  coordinates:
    latitude: "/{group}/land_ice_segments/latitude"
    longitude: "/{group}/land_ice_segments/longitude"
  variables:
    h: "/{group}/land_ice_segments/h_li"
    s_li: "/{group}/land_ice_segments/h_li_sigma"
aggregation:
  variables:
    passes: {function: nunique, source: granule}
    newest: {function: last, source: h, dtype: float64}
    weighted: {expression: "np.sum(h / s_li**2) / np.sum(1.0 / s_li**2)", dtype: float64}
    spread: {function: quantile, source: h, params: {q: 0.9}}
    mean: {function: average, source: h, params: {weights: "1.0 / s_li"}}
output: {grid: {parent_order: 6, child_order: 12}}
`;

async function valuesOf(store: string): Promise<Map<string, [number, number][]>> {
  const opened = await openStore(store);
  const found = new Map<string, [number, number][]>();
  for (const { order, variables } of opened.levels) {
    for (const { name } of variables) {
      const values: [number, number][] = [];
      for await (const part of opened.cells(name, order)) {
        part.ids.forEach((id, i) => values.push([id, part.values[i]]));
      }
      found.set(`${order}/${name}`, values.filter(([, value]) => value === value));
    }
  }
  await opened.close();
  return found;
}

Deno.test("a store of two configs has the values of two stores, each config's variables under its name", async () => {
  const folder = temporaryFolder("granary-combine-");
  const granules = path.join(folder, "granules"), catalog = path.join(folder, "catalog.parquet");
  await simulate(granules, { granules: 2, rows: 400, seed: 3, sheet: "antarctica" });
  const files = fs.readdirSync(granules).map((name) => path.join(granules, name));
  const atl06 = loadPreset("atl06"), other = parseConfig(OTHER, "folder/an-other.yaml").pipeline;
  const found = localGranules(files, { config: atl06, cellOrder: 8, workers: 0 });
  await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
  await found.close();
  const run = async (name: string, config: string | Pipeline | Pipeline[]) => {
    const store = path.join(folder, name);
    const { report } = await aggregate({ config, catalog, store, childOrder: 8, levels: "8,6", workers: 0 });
    return { values: await valuesOf(store), report: report! };
  };
  const both = await run("both.zarr", [atl06, other]);
  const wanted = new Map<string, [number, number][]>();
  for (const [prefix, config] of [["atl06", atl06], ["an_other", other]] as const) {
    const { values } = await run(`${prefix}.zarr`, config);
    for (const [name, cells] of values) wanted.set(name.replace("/", `/${prefix}_`), cells);
  }
  assert.deepEqual([...both.values.keys()].toSorted(), [...wanted.keys()].toSorted());
  for (const [name, cells] of wanted) {
    // A count of 0 is a value in cells that the other config alone has.
    const own = both.values.get(name)!.filter(([, value]) => !/count|passes/.test(name) || value > 0);
    assert.deepEqual(own, cells.filter(([, value]) => !/count|passes/.test(name) || value > 0), name);
  }
  assert.equal(both.report.reads.opens, 2, "a granule of both is opened once");

  // What the store says of its making is a file of two configs, which makes it again.
  const { attributes } = JSON.parse(fs.readFileSync(path.join(folder, "both.zarr", "zarr.json"), "utf8"));
  const file = path.join(folder, "again.yaml");
  fs.writeFileSync(file, attributes.granary.config_yaml);
  const again = await run("again.zarr", file);
  assert.deepEqual(again.values, both.values);
  const made = fs.readFileSync(path.join(folder, "again.zarr", "zarr.json"), "utf8");
  assert.equal(JSON.parse(made).attributes.granary.config_yaml, attributes.granary.config_yaml);
  assert.deepEqual(loadConfigs(file).map(({ pipeline }) => pipeline.name), ["atl06", "an_other"]);
});

Deno.test("configs of one run say their granules, have names of their own, and agree on the store", () => {
  const atl06 = loadPreset("atl06"), atl08 = loadPreset("atl08");
  assert.equal(combinePipelines([atl06]), atl06);
  const combined = combinePipelines([atl06, atl08]);
  assert.deepEqual(combined.dataSource.collections, ["ATL06.*", "ATL08.*"]);
  assert.deepEqual(combined.dataSource.columns.map(({ name }) => name), [
    ...["atl06_h_li", "atl06_s_li", "atl08_h_te", "atl08_slope", "atl08_h_canopy"],
  ]);
  assert.equal(
    combined.aggregation.statistics.find(({ name }) => name === "atl06_h_sigma")!.expression,
    "1.0 / np.sqrt(np.sum(1.0 / atl06_s_li**2))",
  );
  assert.throws(() => combinePipelines([atl06, atl06]), /a second config of the name atl06/);
  const anywhere = { ...atl08, dataSource: { ...atl08.dataSource, collections: [] } };
  assert.throws(
    () => combinePipelines([atl06, anywhere]),
    /atl08: one of several configs, and it does not say/,
  );
  const finer = { ...atl08, output: { ...atl08.output, childOrder: 13 } };
  assert.throws(() => combinePipelines([atl06, finer]), /atl08: output\.childOrder is 13, and 12 in atl06/);
});

Deno.test("a file of configs is read one by one, and faults say in which they are", () => {
  const text = presetText("atl06");
  assert.equal(parseConfigs(text, "a.yaml")[0].pipeline.name, "a.yaml");
  assert.equal(parseConfigs(`# of ours\n---\n${text}`, "a.yaml").length, 1);
  assert.equal(parseConfigs(`name: mine\n${text}`, "a.yaml")[0].pipeline.name, "mine");
  assert.throws(
    () => parseConfigs(`${text}---\n${text}wrong: 1\n`, "a.yaml"),
    /a\.yaml \(config 2\):\d+:1: unknown key "wrong"/,
  );
  assert.throws(() => parseConfigs(`name: 1st\n${text}`, "a.yaml"), /name/);
});
