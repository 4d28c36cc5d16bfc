/** Parts of a cell index by bytes that no writer made: what they say is asked for before memory is taken for it. */
import assert from "node:assert/strict";
import { partLists } from "../../../../catalog/cell_index/part_lists.ts";
import { NotPlainError } from "../../../../core/tables/parquet_columns.ts";
import { packZstd } from "../../../../core/zstd.ts";

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** The next member of a struct of Thrift's compact protocol: a 32-bit integer, zigzag. */
const member = (value: number): number[] => [0x15, ...varint(2 * value)];

/** A page of version 1, packed by differences: its header as parquet.thrift has it, and its bytes. */
function page(values: number, bytes: readonly number[]): number[] {
  const packed = packZstd(Uint8Array.from(bytes), 1);
  const data = [0x2c, ...[values, 5, 3, 3].flatMap(member), 0];
  return [...[0, bytes.length, packed.length].flatMap(member), ...data, 0, ...packed];
}

/** One number of blocks of 128 in 4 parts; a run of one level, behind its length. */
const number = (zigzag: number): number[] => [0x80, 1, 4, 1, ...varint(zigzag)];
const level = (value: number): number[] => [2, 0, 0, 0, 2, value];
const list = [...level(0), ...level(1), ...number(14)];

Deno.test("a part of one cell in one row is read", () => {
  const { orders, cells, begins, rows } = partLists(
    Uint8Array.from([...page(1, number(16)), ...page(1, number(246)), ...page(1, list)]),
  );
  assert.deepEqual([[...orders], [...cells], [...begins], [...rows]], [[8], [123], [0, 1], [7]]);
});

Deno.test("a part that says that it has more cells than rows, or too many of either, is refused", () => {
  for (const cells of [2, 2 ** 31 - 1, 2 ** 33]) {
    const bytes = [...page(cells, number(0)), ...page(cells, number(0)), ...page(1, list)];
    assert.throws(() => partLists(Uint8Array.from(bytes)), NotPlainError);
  }
  for (const rows of [9e6, 2 ** 33]) {
    const bytes = [...page(1, number(0)), ...page(1, number(0)), ...page(rows, list)];
    assert.throws(() => partLists(Uint8Array.from(bytes)), NotPlainError);
  }
});
