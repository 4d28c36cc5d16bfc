import assert from "node:assert/strict";
import fs from "node:fs";
import { checkStac } from "../../../../core/stac/check.ts";
import { CollectionSum } from "../../../../core/stac/collection.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { sampleItem } from "./samples.ts";
import { publishedSchemas } from "./schemas.ts";

const COLLECTION_TEXT = {
  id: "HLS",
  title: "Masks",
  description: "Quality masks.",
  license: "CC0-1.0",
  keywords: ["mask"],
  providers: [{ name: "somebody", roles: ["producer"], url: "https://example.org" }],
  renders: null,
  fields: {},
};

function sampleCollection() {
  const sum = new CollectionSum();
  sum.add(sampleItem());
  return sum.result(COLLECTION_TEXT, [{ rel: "self", href: "https://example.org/collection.json" }]);
}

const ignore = !hasSharedData;

Deno.test({ name: "what granary writes passes the published schemas and its own check", ignore }, () => {
  const faultsOf = publishedSchemas();
  for (const value of [sampleItem(), sampleCollection()]) {
    assert.deepEqual(faultsOf(value as unknown as Record<string, unknown>), []);
    assert.deepEqual(checkStac(value).faults, []);
  }
});

Deno.test(
  { name: "recorded items, taken as STAC 1.1, get the same answer as by the published schemas", ignore },
  () => {
    const faultsOf = publishedSchemas();
    let checked = 0;
    for (const file of fs.readdirSync(sharedData("stac"))) {
      if (!file.endsWith(".json")) continue;
      const value = JSON.parse(fs.readFileSync(sharedData(`stac/${file}`), "utf8"));
      for (const item of value.features ?? [value]) {
        if (item.type !== "Feature") continue;
        // Their extensions are of versions that no schema is here for.
        Object.assign(item, { stac_version: "1.1.0", stac_extensions: [] });
        checked++;
        assert.equal(checkStac(item).faults.length > 0, faultsOf(item).length > 0, `${file} ${item.id}`);
      }
    }
    assert.ok(checked >= 20, String(checked));
  },
);

/** Every place of a JSON value, as the path to it. */
function* places(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield* places(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function changed(
  value: unknown,
  path: readonly (string | number)[],
  change: (holder: Record<string, unknown>, key: string) => void,
) {
  const copy = structuredClone(value) as Record<string, unknown>;
  let holder = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  change(holder, String(path[path.length - 1]));
  return copy;
}

Deno.test(
  { name: "values damaged in any one place get the same answer as by the published schemas", ignore },
  () => {
    const faultsOf = publishedSchemas();
    const damages: [string, (holder: Record<string, unknown>, key: string) => void][] = [
      [
        "removed",
        (holder, key) => Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key],
      ],
      ["null", (holder, key) => holder[key] = null],
      ["a number", (holder, key) => holder[key] = -5],
      ["text", (holder, key) => holder[key] = "something"],
      ["empty text", (holder, key) => holder[key] = ""],
      ["a list", (holder, key) => holder[key] = []],
      ["a record", (holder, key) => holder[key] = {}],
    ];
    let compared = 0;
    const differing: string[] = [];
    for (const value of [sampleItem(), sampleCollection()]) {
      for (const path of places(value)) {
        for (const [what, change] of damages) {
          const damaged = changed(value, path, change);
          // A type or version of another kind is distinguished by us first; the schemas have no single validator for it.
          if (["type", "stac_version"].includes(String(path[0]))) continue;
          compared++;
          const theirs = faultsOf(damaged).length > 0, ours = checkStac(damaged).faults.length > 0;
          if (theirs !== ours) differing.push(`${path.join(".")} ${what}: schemas ${theirs}, ours ${ours}`);
        }
      }
    }
    assert.ok(compared > 800, String(compared));
    // Where ours is the stricter: closed rings and absolute self links are asked in words, not by the
    // schemas; fields of the file extension have no schema here.
    const stricter = /^(geometry\.coordinates|links\.0\.href).*schemas false, ours true$|file:/;
    assert.deepEqual(differing.filter((line) => !stricter.test(line)), []);
  },
);
