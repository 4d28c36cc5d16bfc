import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import {
  addBuildOptions,
  type BuildFlags,
  type BuildRequest,
  buildRequest,
  checkBuildFlags,
} from "../../../../cli/flags/build.ts";
import type { Area } from "../../../../core/geometry/area.ts";
import { boxArea, geometryArea } from "../../../../core/geometry/area.ts";

/** The request that words make. */
function requestOf(words: readonly string[], area?: Area): BuildRequest {
  let inputs: string[] = [];
  const command = new Command("build").argument("[inputs...]").exitOverride()
    .configureOutput({ writeErr: () => {} });
  addBuildOptions(command);
  command.action((given) => void (inputs = given));
  command.parse(["-o", "o.parquet", "--from", ...words], { from: "user" });
  const flags = command.opts() as unknown as BuildFlags;
  checkBuildFlags(flags, inputs);
  return buildRequest(flags, inputs, area);
}

const FOOTPRINTS = { bufferKm: 0, orbit: null };

Deno.test("files of a disk are asked for with how they are read, and the order of a row index", () => {
  assert.deepEqual(
    requestOf([
      "local",
      "a.h5",
      "b/",
      "-c",
      "atl06",
      "--workers",
      "3",
      "--row-index",
      "12",
      "--cell-order",
      "6",
    ]),
    {
      output: "o.parquet",
      cellOrder: 6,
      source: {
        from: "local",
        paths: ["a.h5", "b/"],
        config: "atl06",
        collection: undefined,
        provider: undefined,
        checksum: "sha256",
        workers: 3,
        rowIndex: { file: "o.rows.parquet", order: 12 },
      },
    },
  );
  const { source } = requestOf(["local", "a.h5", "--row-index", "--checksum", "none"]);
  assert.ok(source.from === "local");
  assert.deepEqual(source.rowIndex, { file: "o.rows.parquet", order: undefined });
  assert.equal(source.checksum, "none");
});

Deno.test("CMR is asked with lists, cycles and a box as numbers, or the rings of polygons", () => {
  const words = [
    "cmr",
    "--short-name",
    "ATL06",
    "--version",
    "006,007",
    "--provider",
    "A, B",
    "--cycle",
    "20-22,25",
  ];
  const rest = [
    "--start",
    "2023-12-18",
    "--cmr-url",
    "http://h/s",
    "--buffer",
    "2.5",
    "--orbit",
    "92,94.29,36",
  ];
  const { source } = requestOf([...words, ...rest], boxArea(170, -80, -170, -70));
  assert.ok(source.from === "cmr");
  assert.deepEqual(source.query, {
    shortNames: ["ATL06"],
    versions: ["006", "007"],
    providers: ["A", "B"],
    start: "2023-12-18",
    cycles: [20, 21, 22, 25],
    bbox: [170, -80, -170, -70],
  });
  assert.equal(source.url, "http://h/s");
  assert.equal(source.footprints.bufferKm, 2.5);
  assert.ok(source.footprints.orbit !== null);
  const ring = [[0, 0], [10, 0], [10, 10], [0, 0]];
  const { source: other } = requestOf(
    ["cmr", "--concept-id", "C1-X"],
    geometryArea("p", { type: "Polygon", coordinates: [ring] }),
  );
  assert.ok(other.from === "cmr" && other.query.bbox === undefined);
  assert.deepEqual([...other.query.polygons!.map((one) => [...one])], [ring.flat()]);
});

Deno.test("an update takes its questions from the catalog", () => {
  assert.deepEqual(requestOf(["cmr", "--update", "--remove-deleted"]).source, {
    from: "cmr-update",
    removeDeleted: true,
    footprints: FOOTPRINTS,
  });
});

Deno.test("answers and documents are narrowed here, by names, times, a box or an area", () => {
  assert.deepEqual(
    requestOf(["cmr-json", "a.json", "--collection", "X,Y", "--end", "2024-01-01"], boxArea(0, 1, 2, 3))
      .source,
    {
      from: "cmr-json",
      files: ["a.json"],
      query: { collections: ["X", "Y"], end: "2024-01-01", bbox: [0, 1, 2, 3] },
      footprints: FOOTPRINTS,
    },
  );
  const area = geometryArea("p", { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] });
  assert.deepEqual(requestOf(["stac", "https://h/v1"], area).source, {
    from: "stac",
    locations: ["https://h/v1"],
    query: { areas: [area] },
    footprints: FOOTPRINTS,
  });
});

Deno.test("a bucket is listed with patterns and how it is asked", () => {
  const words = [
    "s3",
    "s3://b/p/",
    "--match",
    "*.tif",
    "--id",
    "^(.+)_B",
    "--collection",
    "c",
    "--start",
    "2024-01-01",
  ];
  assert.deepEqual(requestOf([...words, "--s3-access", "unsigned", "--s3-region", "eu-west-1"]).source, {
    from: "s3",
    listing: {
      prefixes: ["s3://b/p/"],
      match: "*.tif",
      id: "^(.+)_B",
      collection: "c",
      provider: undefined,
      s3: { access: "unsigned", region: "eu-west-1" },
    },
    query: { start: "2024-01-01" },
  });
});

Deno.test("a flag that its source would leave without effect is refused, with those that have it", () => {
  const refused: [string, RegExp][] = [
    ["cmr answer.json --short-name X", /saved answers are --from cmr-json/],
    ["cmr --collection X", /--collection has no meaning for --from cmr .*--short-name/],
    ["cmr-json a.json --short-name X", /--short-name has no meaning .*belongs to cmr; --collection/],
    ["stac a.json --cmr-url http://h", /--cmr-url has no meaning for --from stac/],
    ["stac a.json --provider X", /--provider has no meaning for --from stac/],
    ["stac a.json --checksum md5", /--checksum has no meaning for --from stac \(it belongs to local\)/],
    ["stac a.json --update", /--update has no meaning .*merge/],
    ["local a.h5 --bbox 1,2,3,4", /--bbox has no meaning for --from local/],
    ["s3 s3://b/p/ --region greenland", /--region has no meaning for --from s3/],
    ["cmr --update --short-name X", /--short-name would ask something else/],
    ["cmr --remove-deleted", /belongs to --update/],
    ["local a.h5 --s3-region eu-west-1", /--s3-region has no meaning/],
    ["cmr --short-name X --cycle 0", /names no cycles/],
    ["cmr --short-name X --cycle 22-20", /names no cycles/],
    ["cmr --short-name X --buffer -1", /not a number of kilometres from 0 to 2000/],
    ["cmr --short-name X --orbit 92,94", /is no orbit/],
    ["cmr --short-name ,", /wanted one name/],
    ["local a.h5 --cell-order 99", /not a whole number from 0 to/],
    ["local a.h5 --workers 0", /not a whole number from 1 to 1024/],
    ["cmr --short-name X --bbox 1,2,3,4 --region greenland", /cannot be used with/],
  ];
  for (const [words, wanted] of refused) {
    assert.throws(() => requestOf(words.split(" ")), wanted, words);
  }
});
