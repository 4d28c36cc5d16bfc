/** What a client has already is not sent again. */
import assert from "node:assert/strict";
import { namesTag } from "../../../serve/http/etag.ts";
import { startServing } from "../../support/serving.ts";

Deno.test("an answer that the client has is 304 without a body, and has the same tag the next time", async () => {
  const serving = await startServing();
  try {
    for (
      const path of ["/colorMaps/viridis?f=png", "/tileMatrixSets/WebMercatorQuad", "/map/main.ts", "/map"]
    ) {
      const first = await serving.get(path);
      const tag = first.headers.get("etag") ?? "";
      assert.match(tag, /^(W\/)?"[\w-]+"$/, path);
      assert.ok((await first.arrayBuffer()).byteLength > 0);
      const again = await serving.get(path, { headers: { "if-none-match": `"other", ${tag}` } });
      assert.equal(again.status, 304, path);
      assert.equal((await again.arrayBuffer()).byteLength, 0);
      for (const name of ["etag", "cache-control"]) {
        assert.equal(again.headers.get(name), first.headers.get(name));
      }
      const other = await serving.get(path, { headers: { "if-none-match": '"other"' } });
      assert.equal(other.status, 200, path);
      await other.body?.cancel();
    }
    const refused = await serving.get("/tileMatrixSets/none", { headers: { "if-none-match": "*" } });
    assert.deepEqual([refused.status, refused.headers.get("etag")], [422, null]);
    await refused.body?.cancel();
    const one = await (await serving.get("/colorMaps/magma")).text();
    const other = await (await serving.get("/colorMaps/viridis")).text();
    assert.notEqual(one, other);
  } finally {
    await serving.stop();
  }
});

// The examples of RFC 9110, section 8.8.3.2: If-None-Match compares weakly.
for (
  const [header, tag, same] of [
    ['W/"1"', 'W/"1"', true],
    ['W/"1"', 'W/"2"', false],
    ['W/"1"', '"1"', true],
    ['"1"', '"1"', true],
    ["*", '"1"', true],
  ] as const
) {
  Deno.test(`${header} ${same ? "names" : "does not name"} ${tag}`, () => {
    assert.equal(namesTag(header, tag), same);
  });
}
