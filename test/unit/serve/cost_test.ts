/** What a tile costs the host of its file: requests and bytes, cold and warm. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { startServeWorld } from "../../support/serve_world.ts";
import { startServing } from "../../support/serving.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";

const FILE = "HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif";
const WHICH = "collection_concept_id=C2021957657-LPCLOUD&temporal=2024-10-09T00:00:01Z/2024-10-09T23:59:59Z" +
  "&assets_regex=Fmask&assets=Fmask&rescale=0,255";

for (const workers of [0, 1]) {
  Deno.test({
    name:
      `a remote COG is asked for its header, then in two rounds, and warm for nothing (threads: ${workers})`,
    ignore: !hasSharedData,
    async fn() {
      const world = await startServeWorld();
      const serving = await startServing({ cmrUrl: world.cmrUrl, workers });
      const ofFile = () => world.server.seen.filter(({ url }) => url.includes(FILE));
      const bytesOf = (requests: ReturnType<typeof ofFile>) =>
        requests.reduce((sum, { headers }) => {
          const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(headers.range)) ?? [];
          return sum + Number(to ?? NaN) - Number(from ?? NaN) + 1;
        }, 0);
      const tile = async (place: string) => {
        const answer = await serving.get(`/rasterio/tiles/WebMercatorQuad/${place}.png?${WHICH}`);
        const bytes = await answer.bytes();
        assert.equal(answer.status, 200);
        return bytes;
      };
      try {
        const cold = await tile("11/502/709");
        const first = ofFile();
        assert.ok(first.length >= 1 && first.length <= 3, `${first.length} requests`);
        const { size } = fs.statSync(sharedData(`cog/${FILE}`));
        assert.ok(bytesOf(first) < size, `${bytesOf(first)} bytes of ${size}`);
        assert.deepEqual(await tile("11/502/709"), cold);
        assert.equal(ofFile().length, first.length, "a warm tile asked for bytes");
        // Another place of the same file: its header is known.
        await tile("10/251/354");
        assert.ok(ofFile().length <= first.length + 2, `${ofFile().length - first.length} more requests`);
        const opens = /^granary_file_opens_total (\d+)$/m.exec(await (await serving.get("/metrics")).text());
        assert.equal(opens?.[1], "1");
      } finally {
        await serving.stop();
        await world.close();
      }
    },
  });
}
