import assert from "node:assert/strict";
import path from "node:path";
import { openFileSyncSource } from "../../../../core/access/file_source.ts";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";
import type { Hdf5Scalar } from "../../../../core/hdf5/contract.ts";
import { packingOf } from "../../../../core/hdf5/packing.ts";
import { toValues, withSign } from "../../../../core/hdf5/values.ts";
import type { DatasetFilter, GroupObservations, RowFilter } from "../../../../core/observations/contract.ts";
import { readGranule } from "../../../../core/observations/granule.ts";
import { openHdf5 } from "../../../../core/observations/open_granule_file.ts";
import { applyFilter } from "../../../../core/observations/row_filter.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

interface Parts {
  attributes?: Record<string, Hdf5Scalar | Hdf5Scalar[]>;
  types?: Record<string, string>;
  fillValue?: number | bigint | null;
  netcdf?: boolean;
}

function packing(dtype: string, { attributes = {}, types = {}, fillValue = null, netcdf = false }: Parts) {
  const dataset = { path: "/x", dtype, attributes: () => attributes, fillValue, attributeTypes: () => types };
  return packingOf("f.h5", dataset, () => netcdf);
}

function values(raw: Parameters<typeof withSign>[0], dtype: string, parts: Parts): number[] {
  const found = packing(dtype, parts);
  return [...toValues(withSign(raw, found.dtype), found)];
}

async function readFault(
  file: string,
  column: string,
  filters: RowFilter[] = [],
): Promise<GroupObservations[]> {
  const source = openFileSyncSource(path.join(sharedData("../faults"), file));
  const at = "/{group}/land_ice_segments/";
  const request = {
    groups: ["gt*"],
    latitude: `${at}latitude`,
    longitude: `${at}longitude`,
    columns: [{ name: "v", path: at + column }],
    filters,
  };
  const open = await openHdf5(source, { request });
  const groups = [...readGranule(open, request)];
  open.close();
  return groups;
}

const finite = (group: GroupObservations): number[] => [...group.columns[0]].filter((v) => !Number.isNaN(v));

Deno.test({
  name: "packed, unsigned and unwritten columns of other people's files give the physical values",
  ignore: !hasSharedData,
  async fn() {
    const [wide] = await readFault("bug_unsigned16.h5", "packed");
    assert.equal(finite(wide).length, 35);
    assert.ok(
      Math.abs(Math.max(...finite(wide)) - 500) < 1e-4 && Math.abs(Math.min(...finite(wide)) - 1) < 1e-4,
    );
    const [text] = await readFault("bug_text_packing.h5", "packed");
    assert.equal(finite(text).length, 35);
    assert.ok(Math.min(...finite(text)) === 0 && Math.abs(Math.max(...finite(text)) - 0.34) < 1e-12);
    const [filled] = await readFault("bug_default_fill.h5", "h_li");
    assert.deepEqual([finite(filled).length, Math.max(...finite(filled))], [30, 129]);
    const filter: RowFilter = { path: "/{group}/land_ice_segments/packed", op: "eq", value: 210 };
    const [classes] = await readFault("bug_unsigned8_filter.h5", "h_li", [filter]);
    assert.equal(classes.passes!.reduce((sum, one) => sum + one, 0), 20);
  },
});

Deno.test("_Unsigned changes the sign of elements, fills and limits of every size", () => {
  const unsigned = { _Unsigned: "true" };
  assert.deepEqual(values(Int8Array.of(-1, -56, 5), "|i1", { attributes: { ...unsigned, _FillValue: -1 } }), [
    NaN,
    200,
    5,
  ]);
  assert.deepEqual(
    values(Int8Array.of(-1, 5), "|i1", { attributes: { _Unsigned: " TRUE ", _FillValue: 255 } }),
    [NaN, 5],
  );
  assert.deepEqual(values(Int32Array.of(-2), "<i4", { attributes: unsigned }), [4294967294]);
  const long = { attributes: { ...unsigned, _FillValue: -1n } };
  assert.deepEqual(values(BigInt64Array.of(-1n, 7n), "<i8", long), [NaN, 7]);
  assert.deepEqual(values(Uint8Array.of(255, 3), "|u1", { attributes: { _Unsigned: "false" } }), [-1, 3]);
  const limits = { attributes: { ...unsigned, valid_range: [0, -56] } };
  assert.deepEqual(values(Int8Array.of(-56, -55, 0), "|i1", limits), [200, NaN, 0]);
  assert.deepEqual(values(Float32Array.of(-1), "<f4", { attributes: unsigned }), [-1]);
  assert.throws(
    () => packing("|i1", { attributes: { _Unsigned: "maybe" } }),
    /f\.h5: \/x: its attribute _Unsigned/,
  );
});

Deno.test("numbers as text are numbers, and other text is refused by the attribute's name", () => {
  const parts = { attributes: { scale_factor: " 0.5f ", add_offset: ["1e1"], _FillValue: "-999s" } };
  assert.deepEqual(values(Int16Array.of(-999, 4), "<i2", parts), [NaN, 12]);
  assert.deepEqual(values(Int16Array.of(1, 2, 3), "<i2", { attributes: { missing_value: "[1, 3]" } }), [
    NaN,
    2,
    NaN,
  ]);
  const exact = { attributes: { _FillValue: "9007199254740993" } };
  assert.deepEqual(packing("<i8", exact).fills, [9007199254740993n]);
  for (
    const name of ["scale_factor", "add_offset", "_FillValue", "missing_value", "valid_min", "valid_range"]
  ) {
    assert.throws(
      () => packing("<i2", { attributes: { [name]: "see text" } }),
      new RegExp(`attribute ${name} is the text`),
    );
  }
  assert.throws(() => packing("<i2", { attributes: { scale_factor: [1, 2] } }), /scale_factor has 2 values/);
  assert.throws(() => packing("<i2", { attributes: { scale_factor: 0 } }), /scale_factor is 0/);
  assert.throws(() => packing("<i2", { attributes: { valid_range: [1, 2, 3] } }), /valid_range has 3 values/);
});

Deno.test("a fill of the other sign is the element of the same bits, as for netCDF4, and reported", () => {
  const other = (dtype: string, fill: number) => packing(dtype, { attributes: { _FillValue: fill } });
  // netCDF4 1.7 masks 65535 of a uint16 whose _FillValue is the int16 -1.
  assert.deepEqual(other("<u2", -1).fills, [65535]);
  assert.deepEqual(other("|i1", 255).fills, [-1]);
  assert.deepEqual(other("|u1", -1).warnings, [
    "/x: its _FillValue -1 has the other sign of its uint8: taken as 255",
  ]);
  assert.deepEqual(other("<i2", -1).warnings, []);
});

Deno.test("a fill that no element can equal is reported and marks nothing", () => {
  const { fills, warnings } = packing("|u1", { attributes: { _FillValue: -200, missing_value: 300 } });
  assert.deepEqual(fills, []);
  assert.deepEqual(warnings, [
    "/x: no uint8 can be its _FillValue -200: it marks nothing",
    "/x: no uint8 can be its missing_value 300: it marks nothing",
  ]);
  assert.deepEqual(packing("<i4", { attributes: { missing_value: [-1, -2, -3] } }).fills, [-1, -2, -3]);
  assert.deepEqual(packing("<f4", { attributes: { _FillValue: -9999.9 } }).fills, [Math.fround(-9999.9)]);
  assert.equal(packing("<f4", { attributes: { _FillValue: 1e300 } }).warnings.length, 1);
});

Deno.test("unwritten elements are missing where no _FillValue says so; zeros and netCDF's bytes are values", () => {
  const fills = (dtype: string, parts: Parts) => packing(dtype, parts).fills;
  assert.deepEqual(fills("<f4", { fillValue: 3.4028234663852886e38 }), [3.4028234663852886e38]);
  assert.deepEqual(fills("<f4", { fillValue: 5, attributes: { _FillValue: 7 } }), [7]);
  assert.deepEqual(fills("<i4", { fillValue: 0 }), []);
  assert.deepEqual(fills("|u1", { fillValue: 255 }), [255]);
  assert.deepEqual(fills("|u1", { fillValue: 255, netcdf: true }), []);
  assert.deepEqual(fills("<i2", { attributes: { _Netcdf4Dimid: 0 } }), [-32767]);
  assert.deepEqual(fills("<f8", { netcdf: true, fillValue: 9.969209968386869e36 }), [9.969209968386869e36]);
  assert.deepEqual(fills("<u8", { attributes: { _Netcdf4Coordinates: [0] } }), [18446744073709551614n]);
});

Deno.test("valid limits are of stored numbers, or of physical ones where their type is the scale's", () => {
  const scaled = { scale_factor: 0.1, valid_min: 0, valid_max: 5 };
  const wide = { scale_factor: "<f8", valid_min: "<f8", valid_max: "<f8" };
  const narrow = { scale_factor: "<f8", valid_min: "<i2", valid_max: "<i2" };
  const raw = () => Int16Array.of(-1, 4, 6, 60);
  const rounded = (list: number[]) => list.map((value) => Math.round(value * 10) / 10);
  assert.deepEqual(rounded(values(raw(), "<i2", { attributes: scaled, types: narrow })), [
    NaN,
    0.4,
    NaN,
    NaN,
  ]);
  assert.deepEqual(rounded(values(raw(), "<i2", { attributes: scaled, types: wide })), [NaN, 0.4, 0.6, NaN]);
  assert.deepEqual(values(raw(), "<i2", { attributes: { valid_range: [0, 6] } }), [NaN, 4, 6, NaN]);
  assert.deepEqual(values(Float32Array.of(0.1, 0.2), "<f4", { attributes: { valid_max: 0.1 } }), [
    Math.fround(0.1),
    NaN,
  ]);
});

Deno.test("filters compare physical values, or stored ones where asked", () => {
  const stored = Int16Array.of(-100, 0, 2, 3, 30, 31);
  const found = packing("<i2", {
    attributes: { _FillValue: -100, scale_factor: Math.fround(0.1), add_offset: 1 },
  });
  const passes = (op: DatasetFilter["op"], value: number | number[], raw?: boolean): string => {
    const out = new Uint8Array(6).fill(1);
    applyFilter(out, stored, found, { path: "/x", op, value, raw });
    return out.join("");
  };
  assert.equal(passes("eq", 1.3), "000100");
  assert.equal(passes("ne", 1.3), "011011");
  assert.equal(passes("lt", 4), "011100");
  assert.equal(passes("le", 4), "011110");
  assert.equal(passes("in", [1, 4.1]), "010001");
  assert.equal(passes("eq", 3, true), "000100");
  assert.equal(passes("lt", 3, true), "011000");
  const falling = packing("<i2", { attributes: { scale_factor: -2 } });
  const out = new Uint8Array(6).fill(1);
  applyFilter(out, stored, falling, { path: "/x", op: "ge", value: -4 });
  assert.equal(out.join(""), "111000");
});

Deno.test("64-bit integers are compared digit by digit with integers in quotes, and a number that rounds is refused", () => {
  const shots = BigUint64Array.of(
    5n,
    19640002300000331n,
    19640002300000332n,
    19640002300000333n,
    18446744073709551615n,
  );
  const passes = (op: DatasetFilter["op"], value: DatasetFilter["value"], elements = shots) => {
    const out = new Uint8Array(elements.length).fill(1);
    applyFilter(out, elements, packing("<u8", {}), { path: "/shot", op, value });
    return out.join("");
  };
  const shot = "19640002300000331";
  assert.equal(passes("eq", shot), "01000");
  assert.equal(passes("ne", shot), "10111");
  assert.equal(passes("lt", shot), "10000");
  assert.equal(passes("le", shot), "11000");
  assert.equal(passes("gt", shot), "00111");
  assert.equal(passes("ge", shot), "01111");
  assert.equal(passes("in", [5, shot]), "11000");
  assert.equal(passes("not_in", [5, shot]), "00111");
  assert.equal(passes("between", [5.5, shot]), "01000");
  assert.equal(passes("not_between", [shot, "18446744073709551615"]), "10000");
  assert.equal(passes("le", 5), "10000");
  assert.equal(passes("lt", 1e30), "11111");
  assert.throws(() => passes("eq", 19640002300000332), /\/shot compares .*round.*in quotes/);
  assert.throws(() => passes("lt", 2 ** 53), /in quotes/);
});

Deno.test("fills of floats are erased alike in a kernel's memory, at every length about a vector's", () => {
  for (const elements of [Float32Array, Float64Array]) {
    for (let length = 0; length < 12; length++) {
      for (const fill of [7, 0.1, -9999.5, 3.4028234663852886e38, NaN]) {
        const numbers = Array.from({ length }, (_, i) => [1.5, fill, NaN, Infinity, -0][i * 7 % 5]);
        const packing = { dtype: "<f8", fills: [fill], scale: 1, offset: 0, valid: null, warnings: [] };
        const memory = takeMemory(8 * (length + 1));
        const inside = new elements(memory.buffer, memory.place(8 * (length + 1)), length + 1);
        inside.set([...numbers, fill]);
        const found = toValues(inside.subarray(0, length), packing);
        const wanted = [...elements.from(numbers)].map((value) => value === fill ? NaN : value);
        assert.deepEqual([...found], wanted);
        assert.equal(inside[length], elements.of(fill)[0], "what follows stays");
        giveBack(memory);
      }
    }
  }
});
