import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

Deno.test(
  { name: "recorded items are sound, a damaged one is identified by its field", ignore: !hasSharedData },
  async () => {
    const folder = temporaryFolder("granary-stac-");
    const sound = sharedData("stac/earth-search_sentinel-2_item-collection.json");
    const items = JSON.parse(fs.readFileSync(sound, "utf8"));
    items.features[0].bbox = [1, 2, 3];
    delete items.features[0].properties.datetime;
    const damaged = path.join(folder, "damaged.json");
    fs.writeFileSync(damaged, JSON.stringify(items));
    const { code, stdout } = await granary(["stac", "validate", sound]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^OK: .*item-collection\.json: item collection$/m);
    const refused = await granary(["stac", "validate", sound, damaged, "--json"]);
    assert.equal(refused.code, 2);
    const report = JSON.parse(refused.stdout);
    assert.equal(report.valid, false);
    const [first, second] = report.files;
    assert.deepEqual(first.faults, []);
    const paths = second.faults.map(({ path }: { path: string }) => path);
    assert.deepEqual(paths.sort(), ["features[0].bbox", "features[0].properties.datetime"]);
    // A folder is every document below it; .ndjson is a line an item.
    fs.mkdirSync(path.join(folder, "below"));
    fs.copyFileSync(sound, path.join(folder, "below", "sound.json"));
    const whole = await granary(["stac", "validate", folder, "--json"]);
    const files = JSON.parse(whole.stdout).files.map(
      ({ file, faults }: { file: string; faults: unknown[] }) => [path.relative(folder, file), faults.length],
    );
    assert.deepEqual(files, [["below/sound.json", 0], ["damaged.json", 2]]);
    const lines = path.join(folder, "items.ndjson");
    fs.writeFileSync(lines, items.features.map((item: unknown) => JSON.stringify(item)).join("\n"));
    const ofLines = await granary(["stac", "validate", lines]);
    assert.equal(ofLines.code, 2);
    assert.match(ofLines.stdout, /items\.ndjson: features\[0\]\.bbox/);
    fs.mkdirSync(path.join(folder, "empty"));
    const empty = await granary(["stac", "validate", path.join(folder, "empty")]);
    assert.equal(empty.code, 2);
    assert.match(empty.stderr, /holds no \.json/);
  },
);

Deno.test("what is no JSON, no file or no STAC is refused by name", async () => {
  const folder = temporaryFolder("granary-stac-");
  fs.writeFileSync(path.join(folder, "text.json"), "not json");
  fs.writeFileSync(path.join(folder, "other.json"), '{"type": "Topology"}');
  for (
    const [file, message] of [
      ["text.json", /text\.json: is not JSON/],
      ["absent.json", /absent\.json: cannot be read: there is no such file/],
      ["other.json", /other\.json: type: is "Topology" \(wanted Feature, Collection or Catalog\)/],
    ] as const
  ) {
    const { code, stdout, stderr } = await granary(["stac", "validate", file], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stdout + stderr, message);
  }
});
