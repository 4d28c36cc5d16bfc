import assert from "node:assert/strict";
import { describeHdf5 } from "../../../products/describe_file.ts";
import { openHdf5 } from "../../../core/observations/open_granule_file.ts";
import { openFileSyncSource } from "../../../core/access/file_source.ts";
import { memorySyncSource } from "../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { writeHdf5 } from "../core/hdf5/write_hdf5.ts";

Deno.test("a description names every group and dataset, in name order, with sizes and attributes", async () => {
  const bytes = await writeHdf5((file) => {
    file.create_attribute("title", "a test");
    const b = file.create_group("b");
    b.create_group("empty");
    const data = new Float32Array(1000).fill(1.5);
    const x = b.create_dataset({ name: "x", data, chunks: [100], compression: 4 });
    x.create_attribute("units", "m");
    file.create_dataset({ name: "a", data: Int16Array.of(1, 2, 3, 4), shape: [2, 2] });
    file.create_soft_link("/b", "again");
  });
  const file = await openHdf5(memorySyncSource("d.h5", bytes));
  const { groups, datasets, size_bytes, collection, start_datetime } = describeHdf5(file, bytes.length);
  assert.equal(size_bytes, bytes.length);
  assert.deepEqual([collection, start_datetime], [null, null]);
  assert.deepEqual(groups.map(({ path }) => path), ["/", "/again", "/again/empty", "/b", "/b/empty"]);
  assert.deepEqual(groups[0].attributes, { title: "a test" });
  assert.deepEqual(datasets.map(({ path }) => path), ["/a", "/again/x", "/b/x"]);
  const [a, , x] = datasets;
  assert.deepEqual(a, {
    path: "/a",
    shape: [2, 2],
    dtype: "<i2",
    chunks: null,
    filters: [],
    stored_bytes: 8,
    attributes: {},
  });
  assert.deepEqual([x.chunks, x.filters, x.attributes], [[100], ["deflate(4)"], { units: "m" }]);
  assert.ok(x.stored_bytes! > 0 && x.stored_bytes! < 4000);
});

Deno.test({
  name: "stored bytes of real chunks are what h5py's get_storage_size says",
  ignore: !hasSharedData,
  async fn() {
    const file = await openHdf5(
      openFileSyncSource(sharedData("atl06/ATL06_20230816161508_08782002_006_02.h5")),
    );
    const { datasets, groups, collection } = describeHdf5(file, 0);
    assert.equal(collection, "ATL06.006");
    assert.equal(datasets.length, 594);
    assert.equal(groups.length, 104);
    const stored = (path: string) => datasets.find((dataset) => dataset.path === path)!.stored_bytes;
    assert.equal(stored("/gt1l/land_ice_segments/h_li"), 3835);
    assert.equal(stored("/gt1l/residual_histogram/count"), 34832);
    assert.equal(stored("/ancillary_data/data_start_utc"), 27);
    file.close();
  },
});
