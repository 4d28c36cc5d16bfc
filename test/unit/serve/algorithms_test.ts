/** Algorithms, buffers and entity tags of tiles over HTTP, of a catalog of this test's own. */
import assert from "node:assert/strict";
import { placedNpy, terrainWorld } from "../../support/terrain_world.ts";

Deno.test("an algorithm's tile is made of the values of the tile without it", () =>
  terrainWorld(async ({ get }) => {
    const tile = "/rasterio/tiles/WebMercatorQuad/8/134/90";
    const plain = await placedNpy(await get(`${tile}.npy?return_mask=false`));
    const terrarium = await placedNpy(await get(`${tile}.npy?algorithm=terrarium&return_mask=false`));
    assert.deepEqual(terrarium.shape, [3, 256, 256]);
    const cells = 256 * 256;
    for (let i = 0; i < cells; i += 997) {
      const [red, green, blue] = [0, 1, 2].map((band) => terrarium.values[band * cells + i]);
      assert.ok(Math.abs(red * 256 + green + blue / 256 - 32768 - plain.values[i]) <= 1 / 256);
    }
    const shaded = await get(`${tile}.png?algorithm=hillshade&buffer=3`);
    assert.equal(shaded.status, 200);
    // What the algorithm cuts is what the buffer adds: the tile's own box is left.
    const whole = await get(`${tile}.png`);
    const box = (answer: Response) => (answer.headers.get("content-bbox") ?? "").split(",").map(Number);
    for (const [i, side] of box(shaded).entries()) assert.ok(Math.abs(side - box(whole)[i]) < 1e-6);
    const cut = await placedNpy(await get(`${tile}.npy?algorithm=slope&return_mask=false`));
    assert.deepEqual(cut.shape, [1, 250, 250]);
  }));

Deno.test("a buffer adds pixels around the tile, in halves, and moves none of its own", () =>
  terrainWorld(async ({ get }) => {
    const tile = "/rasterio/tiles/WebMercatorQuad/8/134/90.npy";
    const plain = await placedNpy(await get(`${tile}?return_mask=false`));
    const answer = await get(`${tile}?return_mask=false&buffer=2`);
    const [left, bottom, right, top] = (answer.headers.get("content-bbox") ?? "").split(",").map(Number);
    const wide = await placedNpy(answer);
    assert.deepEqual(wide.shape, [1, 260, 260]);
    const side = 2 * 20037508.342789244 / 2 ** 8;
    assert.ok(
      Math.abs(right - left - side * 260 / 256) < 1e-6 && Math.abs(top - bottom - side * 260 / 256) < 1e-6,
    );
    let same = 0;
    for (let row = 0; row < 256; row++) {
      for (let column = 0; column < 256; column++) {
        if (wide.values[(row + 2) * 260 + column + 2] === plain.values[row * 256 + column]) same += 1;
      }
    }
    assert.ok(same >= 0.99 * 256 * 256, `${same} pixels are the same`);
    assert.deepEqual((await placedNpy(await get(`${tile}?buffer=0.5&return_mask=false`))).shape, [
      1,
      257,
      257,
    ]);
    for (
      const wrong of ["buffer=0.3", "buffer=0", "buffer=-1", "padding=-1", "algorithm=magic", "buffer=1e9"]
    ) {
      assert.equal((await get(`${tile}?${wrong}`)).status, 422, wrong);
    }
    assert.equal((await get(`${tile}?algorithm=normalizedIndex`)).status, 400);
    for (
      const [params, status] of [["{", 422], ["[]", 422], ['{"azimuth":900}', 400], [
        '{"height":1}',
        400,
      ]] as const
    ) {
      const refused = await get(`${tile}?algorithm=hillshade&algorithm_params=${encodeURIComponent(params)}`);
      assert.equal(refused.status, status, params);
      await refused.body?.cancel();
    }
  }));

Deno.test("algorithms are listed, and each tells what it takes and gives", () =>
  terrainWorld(async ({ get, url }) => {
    const { algorithms } = await (await get("/algorithms")).json();
    assert.equal(algorithms.length, 18);
    assert.equal(algorithms[0].links[0].href, `${url}/algorithms/hillshade`);
    const slope = await (await get("/algorithms/slope")).json();
    assert.deepEqual(slope.outputs, { nbands: 1, dtype: "float32", min: [0], max: [90] });
    assert.deepEqual(Object.keys(slope.parameters), ["buffer", "z_exaggeration"]);
    assert.equal((await get("/algorithms/none")).status, 422);
  }));
