import assert from "node:assert/strict";
import type { ReadRequest } from "../../../../core/observations/contract.ts";
import { readGranule } from "../../../../core/observations/granule.ts";
import { openHdf5, type ReaderName } from "../../../../core/observations/open_granule_file.ts";
import { GranaryError } from "../../../../core/errors.ts";
import type { ByteRange } from "../../../../core/access/source.ts";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { memorySyncSource } from "../../../support/memory_source.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { bytesOf } from "../hdf5/compare_files.ts";
import { LIBRARY_VERSIONS, writeHdf5 } from "../hdf5/write_hdf5.ts";

const READERS: ReaderName[] = ["auto", "direct", "h5wasm"];
const ascii = (text: string) => new TextEncoder().encode(text);

/** The message of the granule error that opening `bytes` gives, by every reader alike. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const messages = new Set<string>();
  for (const reader of READERS) {
    await assert.rejects(openHdf5(memorySyncSource("g/x.h5", bytes), { reader }), (error) => {
      assert.ok(error instanceof GranaryError);
      assert.equal(error.tag, "granule");
      messages.add(error.message);
      return true;
    });
  }
  assert.equal(messages.size, 1);
  return [...messages][0];
}

Deno.test("what is not HDF5 is said by what it is, with what to do", async () => {
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^g\/x\.h5: is empty \(0 bytes; .*fetch it again\)$/],
    [
      ascii("<!DOCTYPE html>\n<html><head><title>Earthdata Login</title>"),
      /is an HTML page titled "Earthdata Login", not HDF5 \(a login or error page .*credentials/,
    ],
    [
      ascii('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
      /is an XML document with the code AccessDenied/,
    ],
    [ascii('{"errors": ["not found"]}'), /is JSON text/],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), /is a gzip file \(decompress it first\)/],
    [ascii("CDF\x01...."), /is a classic netCDF-3 file/],
    [new Uint8Array(4096), /begins with zeros/],
    [ascii("hello"), /is not HDF5: it begins with 68 65 6c 6c 6f \(wanted 89 48 44 46/],
  ];
  for (const [bytes, message] of cases) assert.match(await refusal(bytes), message);
});

Deno.test("a file that is cut short says how many bytes it has and should have", async () => {
  for (const libver of LIBRARY_VERSIONS) {
    const whole = await writeHdf5((file) => {
      file.create_dataset({ name: "x", data: new Float64Array(1000) });
    }, libver);
    for (const kept of [whole.length - 1, 200]) {
      const message = await refusal(whole.slice(0, kept));
      assert.match(
        message,
        new RegExp(`is cut short: ${kept} of ${whole.length} bytes .*fetch it again`),
        libver,
      );
    }
    assert.match(await refusal(whole.slice(0, 20)), /is cut short inside its first block \(20 bytes/);
  }
});

Deno.test({
  name: "a real granule that is cut short is refused before anything is read",
  ignore: !hasSharedData,
  async fn() {
    const source = openFileSyncSource(sharedData("atl06/processed_ATL06_20190424092231_03990303_002_01.h5"));
    const bytes = source.read(0, 1_000_000);
    source.close();
    assert.match(await refusal(bytes), /is cut short: 1000000 of 1847186 bytes/);
  },
});

Deno.test({
  name: "libhdf5 reads the datasets that the direct reader leaves to it, and only those",
  ignore: !hasSharedData,
  async fn() {
    const path = sharedData("hdf5/compressed.h5");
    const direct = await openHdf5(openFileSyncSource(path), { reader: "direct" });
    assert.throws(
      () => direct.dataset("/szip")!.read(0, 1),
      /does not read the filter szip \(open it with libhdf5\)/,
    );
    direct.close();
    const auto = await openHdf5(openFileSyncSource(path));
    const library = await openHdf5(openFileSyncSource(path), { reader: "h5wasm" });
    for (const name of ["gzip", "gzip_shuffle", "scaleoffset", "szip"]) {
      const found = auto.dataset(`/${name}`)!.read(10, 50);
      assert.equal(found.length, 5000);
      assert.deepEqual(bytesOf(found), bytesOf(library.dataset(`/${name}`)!.read(10, 50)), name);
    }
    // Two datasets of eight chunks; rows 10 to 60 touch three rows of two chunks each.
    assert.equal(auto.counters!.chunksDecoded, 12);
    auto.close();
    library.close();
  },
});

Deno.test("each chunk is decoded once, neighbours come in one request, and metadata in few", async () => {
  const rows = 20_000;
  const values = Float64Array.from({ length: rows }, (_, i) => Math.sin(i));
  const bytes = await writeHdf5((file) => {
    const group = file.create_group("a");
    for (const name of ["lat", "lon", "h", "unread"]) {
      group.create_dataset({ name, data: values, chunks: [1000], maxshape: [null], compression: 6 });
    }
  });
  const source = memorySyncSource("counted.h5", bytes);
  const request: ReadRequest = {
    groups: ["a"],
    latitude: "{group}/lat",
    longitude: "{group}/lon",
    columns: [{ name: "h", path: "{group}/h" }],
    filters: [],
  };
  const file = await openHdf5(source, { request });
  const [group] = [...readGranule(file, request)];
  assert.deepEqual(group.columns[0], values);
  assert.equal(file.counters!.chunksDecoded, 60);
  assert.equal(source.counters.opens, 1);
  assert.ok(source.counters.requests <= 12, `${source.counters.requests} requests`);
  assert.ok(source.counters.bytes <= bytes.length, `${source.counters.bytes} of ${bytes.length} bytes`);
  const before = { ...source.counters };
  const part = readGranule(file, request, { rows: new Map([["a", [{ start: 5990, count: 20 }]]]) });
  assert.deepEqual([...part][0].columns[0], values.slice(5990, 6010));
  assert.equal(file.counters!.chunksDecoded, 66);
  assert.ok(source.counters.requests - before.requests <= 3);
  file.close();
});

Deno.test("rows outside a dataset, and values that are no numbers, are refused", async () => {
  const bytes = await writeHdf5((file) => {
    file.create_dataset({ name: "x", data: Float64Array.of(1, 2, 3) });
    file.create_dataset({ name: "text", data: ["a", "b"] });
  });
  for (const reader of READERS) {
    const file = await openHdf5(memorySyncSource("x.h5", bytes), { reader });
    const x = file.dataset("/x")!;
    for (const [start, count] of [[0, 4], [-1, 2], [3, 1], [0.5, 1], [0, NaN]]) {
      assert.throws(() => x.read(start, count), RangeError);
    }
    assert.equal(x.read(3, 0).length, 0);
    assert.throws(
      () => file.dataset("/text")!.read(0, 1),
      /x\.h5: \/text holds (string|vlen) values \(wanted numbers/,
    );
    assert.equal(file.dataset("/none"), undefined);
    assert.equal(file.dataset("/"), undefined);
    assert.equal(file.list("/x"), undefined);
    assert.equal(file.attributes("/none"), undefined);
    file.close();
  }
});

Deno.test("a failure of the source passes through both readers as it is", async () => {
  const bytes = await writeHdf5((file) => {
    file.create_dataset({ name: "x", data: new Float64Array(100_000) });
  });
  for (const reader of READERS) {
    const inner = memorySyncSource("remote.h5", bytes);
    let expired = false;
    const gone = new GranaryError("credential", "the token expired");
    const source = {
      ...inner,
      read(offset: number, length: number) {
        if (expired) throw gone;
        return inner.read(offset, length);
      },
      readMany(ranges: readonly ByteRange[]) {
        return ranges.map(({ offset, length }) => this.read(offset, length));
      },
    };
    const file = await openHdf5(source, { reader });
    const dataset = file.dataset("/x")!;
    expired = true;
    assert.throws(() => dataset.read(0, 100_000), (error) => error === gone);
    expired = false;
    assert.equal(dataset.read(0, 100_000).length, 100_000);
    file.close();
  }
});
