import assert from "node:assert/strict";
import { collectionFits, collectionName } from "../../../products/collection_names.ts";

Deno.test("names with a version behind an underscore become those of CMR, others stay", () => {
  const cases = [
    ["ATL06_006", "ATL06.006"],
    ["GEDI02_A_002", "GEDI02_A.002"],
    ["HLSS30_2.0", "HLSS30.2.0"],
    ["ATL06.006", "ATL06.006"],
    ["ATL08", "ATL08"],
    ["sentinel-2-l2a", "sentinel-2-l2a"],
    ["cop-dem-glo-30", "cop-dem-glo-30"],
    ["MY_DATA", "MY_DATA"],
    ["S2_L2A_20240101", "S2_L2A_20240101"],
  ];
  for (const [named, wanted] of cases) assert.equal(collectionName(named), wanted, named);
});

Deno.test("a wanted collection is taken in either writing, and its glob takes one without a version", () => {
  const fitting = [
    ["ATL06.*", "ATL06.006"],
    ["ATL06.*", "ATL06_006"],
    ["ATL06.*", "ATL06"],
    ["ATL06_006", "ATL06.006"],
    ["ATL06_006", "ATL06_006"],
    ["ATL06.006", "ATL06_006"],
    ["*", "anything"],
  ];
  for (const [wanted, name] of fitting) assert.ok(collectionFits(wanted, name), `${wanted} ${name}`);
  const others = [["ATL06.*", "ATL08.006"], ["ATL06", "ATL06.006"], ["ATL06.006", "ATL06.007"]];
  for (const [wanted, name] of others) assert.ok(!collectionFits(wanted, name), `${wanted} ${name}`);
});
