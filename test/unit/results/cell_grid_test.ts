/** Images of stores: what they are refused for. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { openStore } from "../../../core/store/open.ts";
import { gridOf } from "../../../results/cell_grid.ts";
import { CellTable } from "../../../results/cell_table.ts";
import { fixtureSpec, planeSpec, writeFixture } from "../../interop/store_fixture.ts";

Deno.test("an image of HEALPix cells is refused without a reference system, and one of a plane has its own", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-image-"));
  try {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    const healpix = await openStore(folder);
    const table = CellTable.of(healpix, { order: 6, variables: ["h_mean"] });
    await assert.rejects(
      gridOf(table, {}),
      /cog: in which reference system\? \(wanted --crs, such as EPSG:3031\)/,
    );
    await healpix.close();
    for (const crs of ["EPSG:3413", "EPSG:4326"]) {
      const own = path.join(folder, crs.slice(5));
      const resolution = crs === "EPSG:3413" ? 1000 : 720 / 2 ** 16;
      await writeFixture(planeSpec({ crs, resolution, origin: [10, 20] }), new FolderTarget(own));
      const store = await openStore(own);
      const image = await gridOf(CellTable.of(store, { order: 13, variables: ["h_mean"] }), {});
      assert.equal(image.crs.code, crs);
      assert.equal(image.affine[0], 8 * resolution);
      await store.close();
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("an image is left in the middle of a window when a signal comes", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-image-"));
  try {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    const store = await openStore(folder);
    const table = CellTable.of(store, { order: 6, variables: ["h_mean"] });
    const image = await gridOf(table, { crs: "EPSG:3413", resolution: 1000 });
    const end = new AbortController();
    setImmediate(() => end.abort(new Error("enough")));
    const { width, height } = image;
    await assert.rejects(image.readWindow({ level: 0, x: 0, y: 0, width, height }, end.signal), /enough/);
    await store.close();
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
