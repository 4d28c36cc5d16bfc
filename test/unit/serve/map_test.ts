/** The map page's routes: what browsers are sent, and what of a request is in it. */
import assert from "node:assert/strict";
import { startServing } from "../../support/serving.ts";

const EVIL = `"><script>alert(1)</script>`;

Deno.test("a map page is the same whatever is asked, and may run and ask only what its server sends", async () => {
  const serving = await startServing();
  try {
    const plain = await serving.get("/map");
    assert.equal(plain.status, 200);
    const policy = plain.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    const text = await plain.text();
    assert.doesNotMatch(text, /https?:\/\/|<script>|\son\w+=|\sstyle=/);
    const search = new URLSearchParams({ collection_concept_id: EVIL, variables: EVIL, colormap: EVIL });
    const asked = await serving.get(`/xarray/WebMercatorQuad/map.html?${search}`);
    assert.equal(asked.status, 200);
    assert.equal((await asked.text()).replaceAll("../../", "./"), text);
    assert.equal((await serving.get("/xarray/WebMercatorQuad/map.html")).status, 422);
    assert.equal((await serving.get("/rasterio/nowhere/map.html")).status, 422);
    assert.equal((await serving.get("/store/none/map.html")).status, 404);
    for (const [, file] of text.matchAll(/(?:src|href)="\.\/(map\/[^"]+)"/g)) {
      const answer = await serving.get(`/${file}`);
      assert.equal(answer.status, 200, file);
      assert.match(
        answer.headers.get("content-type") ?? "",
        file.endsWith("css") ? /^text\/css/ : /javascript/,
      );
      await answer.body?.cancel();
    }
    for (const file of ["nothing.js", "..%2Fdeno.json", "constructor"]) {
      assert.equal((await serving.get(`/map/${file}`)).status, 404, file);
    }
  } finally {
    await serving.stop();
  }
});

Deno.test("a view tells its projection and its tiles with x before y; sets of uneven tiles are refused", async () => {
  const serving = await startServing();
  try {
    const north = await (await serving.get("/map/views/GIBSArctic3413")).json();
    assert.deepEqual([north.code, north.extent], ["EPSG:3413", [-4194304, -4194304, 4194304, 4194304]]);
    assert.match(north.proj4, /\+proj=stere \+lat_0=90 .*\+lon_0=-45/);
    const degrees = await (await serving.get("/map/views/WGS1984Quad")).json();
    assert.deepEqual(degrees.origin, [-180, 90]);
    assert.equal((await serving.get("/map/views/GNOSISGlobalGrid")).status, 400);
  } finally {
    await serving.stop();
  }
});
