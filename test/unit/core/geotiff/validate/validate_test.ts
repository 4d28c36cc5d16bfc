import assert from "node:assert/strict";
import fs from "node:fs";
import { GranaryError } from "../../../../../core/errors.ts";
import { memorySource } from "../../../../../core/access/memory_source.ts";
import { describeTiff } from "../../../../../core/geotiff/validate/describe.ts";
import { validateCog } from "../../../../../core/geotiff/validate/validate.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";
import { countingSource } from "../../../../support/memory_source.ts";
import { plainFields, tiffBytes, type TiffImageBytes } from "../../../../support/tiff_bytes.ts";

const ALL = { externalOverviews: false, blocks: true };

function image(side: number, tile: number, overview: boolean): TiffImageBytes {
  return {
    fields: { ...plainFields(side, side, tile), 254: { type: "long", values: [overview ? 1 : 0] } },
    blocks: Array.from({ length: Math.ceil(side / tile) ** 2 }, () => new Uint8Array(tile * tile).fill(1)),
  };
}

async function rules(bytes: Uint8Array, externalOverviews = false): Promise<string[]> {
  const verdict = await validateCog(memorySource("x.tif", bytes), { externalOverviews, blocks: true });
  return [...verdict.errors, ...verdict.layoutErrors, ...verdict.warnings].map(({ rule }) => rule);
}

Deno.test("a small image is valid as it is", async () => {
  assert.deepEqual(await rules(tiffBytes([image(512, 512, false)])), []);
});

Deno.test("a large image should have overviews, and blocks that are no strips", async () => {
  assert.deepEqual(await rules(tiffBytes([image(1024, 256, false)])), ["no-overviews"]);
  assert.deepEqual(await rules(tiffBytes([image(1024, 1024, false)])), ["not-tiled", "no-overviews"]);
});

Deno.test("cells of the image lie behind those of its overviews, overviews within the file", async () => {
  const bytes = tiffBytes([image(1024, 256, false), image(512, 256, true)]);
  assert.deepEqual(await rules(bytes), ["data-order"]);
  assert.deepEqual(await rules(bytes, true), ["external-overviews", "data-order"]);
});

Deno.test("what is no TIFF is no COG, with the reason", async () => {
  const verdict = await validateCog(memorySource("x.tif", new Uint8Array(300)), ALL);
  assert.equal(verdict.valid, false);
  assert.deepEqual(verdict.errors.map(({ rule }) => rule), ["tiff"]);
  assert.match(verdict.errors[0].message, /^its first bytes are not those of a TIFF/);
});

Deno.test("an image of a kind that is not described is refused by its rule", async () => {
  const { fields, blocks } = image(512, 512, false);
  const mixed = {
    ...fields,
    258: { type: "short", values: [8, 16] },
    277: { type: "short", values: [2] },
  } as const;
  await assert.rejects(
    describeTiff(memorySource("x.tif", tiffBytes([{ fields: mixed, blocks }]))),
    (error) =>
      error instanceof GranaryError && error.tag === "input" && /x\.tif: .*types/.test(error.message),
  );
});

const shared = { ignore: !hasSharedData };

Deno.test({
  name: "a valid file without its blocks costs the directories alone",
  ...shared,
  fn: async () => {
    const bytes = new Uint8Array(fs.readFileSync(sharedData("cog/cog_dateline.tif")));
    const source = countingSource("x.tif", bytes);
    const verdict = await validateCog(source, { externalOverviews: false, blocks: false });
    assert.deepEqual([verdict.valid, verdict.blocksChecked], [true, false]);
    assert.deepEqual(source.log, [{ offset: 0, length: 32768 }]);
  },
});
