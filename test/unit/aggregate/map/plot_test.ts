import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { decode } from "fast-png";
import { plotStore, previewStore } from "../../../../aggregate/map/plot.ts";
import { type GranaryStore, openStore } from "../../../../core/store/open.ts";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

async function withStore(body: (store: GranaryStore) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-plot-"));
  try {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    await body(await openStore(folder));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

Deno.test("a plot is a PNG of the width asked for, and says what is on it", () =>
  withStore(async (store) => {
    const { png, summary } = await plotStore(store, { variable: "h_mean", width: 480, order: 9 });
    const { width, height, channels } = decode(png);
    assert.deepEqual([width, height, channels], [480, summary.height, 3]);
    assert.equal(summary.cells, fixtureIds(fixtureSpec("compact"), 9).length);
    assert.deepEqual([summary.order, summary.projection], [9, "equirectangular"]);
  }));

Deno.test("without an order the level fits the scale: coarser for a smaller picture", () =>
  withStore(async (store) => {
    // Cells are 102 km wide at order 6 and 13 km at order 9; half the world takes 480 or 8,000 pixels.
    const small = await plotStore(store, { variable: "h_mean", width: 480 });
    const large = await plotStore(store, { variable: "h_mean", width: 8000 });
    assert.deepEqual([small.summary.order, large.summary.order], [6, 9]);
  }));

Deno.test("the same plot twice is the same bytes", () =>
  withStore(async (store) => {
    const options = { variable: "count", width: 400, order: 6 };
    assert.deepEqual((await plotStore(store, options)).png, (await plotStore(store, options)).png);
  }));

Deno.test("nonsense is refused: width, range, variable, order, map", () =>
  withStore(async (store) => {
    const plot = (more: object) => plotStore(store, { variable: "h_mean", ...more });
    await assert.rejects(plot({ width: 20 }), /width is 20; wanted 300 to 8000/);
    await assert.rejects(plot({ range: { low: 3, high: 3 } }), /must be above the first/);
    await assert.rejects(plot({ variable: "h_men" }), /did you mean "h_mean"/);
    await assert.rejects(plot({ order: 8 }), /no level of order 8/);
    await assert.rejects(plot({ colormap: "lava" }), /colormap "lava" is unknown/);
  }));

Deno.test("a preview has escapes only where colour is wanted, and fits the terminal", () =>
  withStore(async (store) => {
    const options = { variable: "h_mean" };
    const plain = await previewStore(store, options, { columns: 60, rows: 20, colour: false });
    assert.ok(!plain.text.includes("\x1b"));
    const lines = plain.text.trimEnd().split("\n");
    assert.ok(lines.length <= 20 + 3, `${lines.length} lines`);
    for (const line of lines.slice(2, -1)) assert.ok(line.length <= 60);
    const coloured = await previewStore(store, options, { columns: 60, rows: 20, colour: true });
    const visible = coloured.text.replaceAll("\x1b", "<");
    assert.match(visible, /<\[38;2;\d+;\d+;\d+m<\[48;2;\d+;\d+;\d+m▀/);
    for (const line of visible.split("\n").filter((one) => one.includes("▀"))) {
      assert.ok(line.endsWith("<[0m"));
    }
  }));
