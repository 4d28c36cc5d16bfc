/** What a client is told where CMR refuses, is busy, or is not there. */
import assert from "node:assert/strict";
import { type Answer, startServer } from "../../support/http_server.ts";
import { startServing } from "../../support/serving.ts";

const FAULTS: readonly { name: string; answer: Answer; status: number; asked: number; cached: string }[] = [
  {
    name: "refuses the question",
    answer: { status: 400, body: JSON.stringify({ errors: ["Collection-concept-id [C1] is not valid."] }) },
    status: 400,
    asked: 1,
    cached: "public, max-age=3600",
  },
  {
    name: "answers with a web page",
    answer: { status: 200, body: "<html>log in</html>", headers: { "content-type": "text/html" } },
    status: 502,
    asked: 1,
    cached: "no-store",
  },
  { name: "fails", answer: { status: 500, body: "" }, status: 502, asked: 3, cached: "no-store" },
  {
    name: "asks for a long wait",
    answer: { status: 429, body: "", headers: { "retry-after": "60" } },
    status: 502,
    asked: 1,
    cached: "no-store",
  },
];

for (const { name, answer, status, asked, cached } of FAULTS) {
  Deno.test(`where CMR ${name} a tile is answered ${status} soon`, async () => {
    const cmr = await startServer(() => answer);
    const { get, stop } = await startServing({ cmrUrl: `${cmr.url}/search` });
    try {
      const tile = await get("/rasterio/tiles/WebMercatorQuad/3/2/2.png?collection_concept_id=C1-T");
      assert.equal(tile.status, status, await tile.text());
      assert.equal(tile.headers.get("cache-control"), cached);
      assert.equal(cmr.asked.length, asked);
    } finally {
      await stop();
      await cmr.close();
    }
  });
}
