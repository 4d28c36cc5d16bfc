import assert from "node:assert/strict";
import type { DatasetFilter } from "../../../../core/observations/contract.ts";
import { KernelMemory } from "../../../../core/kernels/memory.ts";
import { PLAIN } from "../../../../core/observations/linked_rows.ts";
import { applyFilter } from "../../../../core/observations/row_filter.ts";

const TESTS: Pick<DatasetFilter, "op" | "value">[] = [
  { op: "eq", value: 0 },
  { op: "ne", value: 3 },
  { op: "lt", value: -5 },
  { op: "le", value: 7.5 },
  { op: "gt", value: 100 },
  { op: "ge", value: -128 },
  { op: "in", value: [1, 2, 200, -1] },
  { op: "not_in", value: [0, 255, -128] },
  { op: "between", value: [-3, 12] },
  { op: "not_between", value: [-3, 12] },
  { op: "bits_all", value: 5 },
  { op: "bits_not_all", value: 5 },
  { op: "bits_any", value: 130 },
  { op: "bits_none", value: 130 },
];

Deno.test("many elements of one byte pass as the same numbers of two bytes do, by every operator, packed or not", () => {
  const memory = new KernelMemory();
  const valid = { min: -100, max: 120, physical: false };
  const packings = [
    PLAIN,
    { ...PLAIN, fills: [127, 255], valid },
    { ...PLAIN, scale: -0.5, offset: 2, fills: [0] },
  ];
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) >> 2);
  for (const elements of [new Int8Array(bytes.buffer), bytes]) {
    for (const packing of packings) {
      for (const { op, value } of TESTS) {
        for (const raw of [true, false]) {
          const filter: DatasetFilter = { path: "q", op, value, raw };
          const passes = () => Uint8Array.from(elements, (_, i) => i % 5 === 0 ? 0 : 1);
          const found = passes(), wanted = passes();
          applyFilter(found, elements, packing, filter);
          applyFilter(wanted, Int16Array.from(elements), packing, filter);
          assert.deepEqual(found, wanted, `${op} ${value}`);
          memory.reserve(4096);
          const heldElements = elements instanceof Int8Array
            ? new Int8Array(memory.buffer, memory.place(1000), 1000)
            : new Uint8Array(memory.buffer, memory.place(1000), 1000);
          heldElements.set(elements);
          const held = new Uint8Array(memory.buffer, memory.place(1000), 1000);
          held.set(passes());
          applyFilter(held, heldElements, packing, filter);
          assert.deepEqual([...held], [...wanted], `${op} ${value}, in a kernel's memory`);
        }
      }
    }
  }
});
