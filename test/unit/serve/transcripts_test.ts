/** The answers that another server of this contract gave, held against ours. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { startServing } from "../../support/serving.ts";
import { startServeWorld } from "../../support/serve_world.ts";
import { assertHolds, placed, readTranscripts, type Transcript } from "../../support/transcripts.ts";
import { openGeotiff } from "../../../core/geotiff/open.ts";
import { countingSource } from "../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { likeness, readNpy, readPng } from "../../support/images.ts";

/** What is otherwise here, and why. */
const OURS: Readonly<Record<string, (recorded: Transcript) => Transcript>> = {
  // Nothing there yet is asked again within a minute: granules arrive.
  ...Object.fromEntries(["point_none", "tile_outside"].map((name) => [
    name,
    (one: Transcript) => ({ ...one, headers: { ...one.headers, "cache-control": "public, max-age=60" } }),
  ])),
  // The variable's name is its description here; "0" is no description.
  ...Object.fromEntries(
    [
      "point_xarray",
      "point_sst",
      "stats_ice_greenland",
      "stats_ice_arctic",
      "stats_sst_two",
      "timeseries_stats",
    ].map((name) => [name, withoutDescriptions]),
  ),
  // Variables come in the order of their names, not in that of their making, and links name the first.
  compatibility: (one) => ({
    ...one,
    json: {
      ...one.json,
      links: one.json.links.map((link: { href: string }) => ({
        ...link,
        href: link.href.replace("sea_ice_fraction", "analysed_sst"),
      })),
    },
  }),
  // Its own name and links, sorted names, and two polar grids more: compared in tests of their own.
  // OGC's own URI of CRS84, as the tile matrix set has it; the recorded one names no version that there is.
  tile_sst_crs84: (one) => ({
    ...one,
    headers: { ...one.headers, "content-crs": "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>" },
  }),
  cmaps: (one) => ({ ...one, json: null }),
  landing: (one) => ({ ...one, json: null }),
  tms: (one) => ({ ...one, json: null }),
};

const DONE = [
  "algorithms",
  "bbox_fmask_tif",
  "landing",
  "conformance",
  "tilejson_xarray",
  "tilejson_rasterio",
  "tilejson_sel",
  "info_xarray",
  "info_geojson",
  "info_granule_ur",
  "tms_web",
  "granules_tile",
  "granules_none",
  "granules_geojson",
  "timeseries_steps",
  "timeseries_week",
  "timeseries_open_start",
  "legacy_tile",
  "point_xarray",
  "point_sst",
  "point_rasterio",
  "point_none",
  "point_coord_crs",
  "tile_fmask_z8",
  "tile_fmask_z9",
  "tile_fmask_z11",
  "tile_fmask_z14_overzoom",
  "tile_fmask_z11_npy",
  "tile_fmask_z10_512",
  "tile_auto_format",
  "tile_ice_z1",
  "tile_sst_z3",
  "tile_sst_crs84",
  "tile_outside",
  "tile_ice_z4",
  "err_format",
  "err_tms",
  "err_rescale",
  "err_asset",
  "err_no_variables",
  "err_at2x",
  "err_compat",
  "compatibility",
  "tms",
  "err_expression",
  "bbox_ice",
  "bbox_ice_10x10",
  "bbox_fmask_100",
  "feature_fmask_tri",
  "stats_ice_greenland",
  "stats_ice_arctic",
  "stats_sst_two",
  "stats_fmask_utm",
  "stats_fmask_4326",
  "stats_fmask_tri",
  "stats_fmask_categorical",
  "timeseries_stats",
  "err_colormap",
  "cmap_viridis",
  "cmaps",
];

for (const workers of [0, 2]) {
  Deno.test({
    name: `answers are those of the recorded server (worker threads: ${workers})`,
    ignore: !hasSharedData,
    async fn(t) {
      const world = await startServeWorld();
      const serving = await startServing({ cmrUrl: world.cmrUrl, workers });
      try {
        for (const recorded of readTranscripts()) {
          if (!DONE.includes(recorded.name)) continue;
          await t.step(recorded.name, async () => {
            const { method, path, body, status, headers, json } = (OURS[recorded.name] ?? ((one) => one))(
              recorded,
            );
            const answer = await serving.get(path, {
              method,
              redirect: "manual",
              ...(body === null || body === undefined ? {} : { body: JSON.stringify(body) }),
            });
            const bytes = new Uint8Array(await answer.arrayBuffer());
            const text = new TextDecoder().decode(bytes);
            assert.equal(answer.status, status, text.slice(0, 500));
            for (const [name, value] of Object.entries(headers)) {
              assert.equal(answer.headers.get(name), placed(value, serving.url, world.dataUrl), name);
            }
            if (recorded.file) await assertImage(recorded, bytes);
            if (json === null || json === undefined) return;
            if (status >= 400) return assertRefusal(JSON.parse(text), json);
            assertHolds(
              JSON.parse(text),
              placed(json, serving.url, world.dataUrl),
              toleranceOf(recorded.name),
            );
          });
        }
      } finally {
        await serving.stop();
        await world.close();
      }
    },
  });
}

/** Refusals say the same things of the same places, in words of their own. */
function assertRefusal(found: { detail: unknown }, recorded: { detail: unknown }): void {
  const faults = (detail: unknown) =>
    typeof detail === "string"
      ? "text"
      : (detail as Record<string, unknown>[]).map(({ type, loc, input }) => ({ type, loc, input }));
  assert.deepEqual(faults(found.detail), faults(recorded.detail));
}

/** Statistics of warped pixels are a thousandth apart at most, others by rounding. */
function toleranceOf(name: string): number {
  return name.startsWith("stats_fmask") ? 1e-3 : /stats/.test(name) ? 1e-9 : 1e-12;
}

/** Tiles on the grids' own kind of coordinates: every pixel is of the same cell. */
const EXACT = /^(bbox_ice|tile_sst_crs84)/;

async function assertImage({ name, file }: Transcript, bytes: Uint8Array): Promise<void> {
  const theirs = fs.readFileSync(sharedData(`serve/${file}`));
  if (file?.endsWith(".jpg")) {
    assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    return;
  }
  if (file?.endsWith(".tif")) {
    const [ours, recorded] = [await readTiff(bytes), await readTiff(theirs)];
    assert.deepEqual(ours.affine.map((one) => one.toFixed(9)), recorded.affine.map((one) => one.toFixed(9)));
    near(name, likeness(ours, recorded));
    return;
  }
  if (file?.endsWith(".npy")) {
    const [ours, recorded] = [readNpy(bytes), readNpy(theirs)];
    assert.equal(ours.dtype, recorded.dtype);
    near(name, likeness(ours, recorded, 1e-9));
  } else near(name, likeness(readPng(bytes), readPng(theirs)));
}

/** A band and its mask, as pixels of two channels, and where they lie. */
async function readTiff(bytes: Uint8Array) {
  const file = await openGeotiff(countingSource("answer.tif", bytes), "answer.tif");
  const [grid] = file.grids;
  const { width, height, affine } = grid;
  const { bands: [band], mask } = await grid.readWindow({ level: 0, x: 0, y: 0, width, height, bands: [0] });
  const values = Float64Array.from(
    { length: 2 * width * height },
    (_, i) => i % 2 === 0 ? band[i >> 1] : mask === null ? 1 : mask[i >> 1],
  );
  return { width, height, channels: 2, values, masked: true, affine };
}

function near(name: string, { mask, values }: { mask: number; values: number }): void {
  const [least, leastMask] = EXACT.test(name) ? [1, 1] : [0.99, 0.999];
  assert.ok(mask >= leastMask && values >= least, `${name}: mask ${mask}, values ${values}`);
}

function withoutDescriptions(recorded: Transcript): Transcript {
  const drop = (key: string, value: unknown) =>
    key === "band_descriptions" || key === "description" ? undefined : value;
  return { ...recorded, json: JSON.parse(JSON.stringify(recorded.json, drop)) };
}
