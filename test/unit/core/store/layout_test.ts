import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CHUNK_CELLS } from "../../../../core/zarr/chunk.ts";
import type { StoreSpec } from "../../../../core/store/contract.ts";
import {
  ancestors,
  cellIdFill,
  defaultParentsPerShard,
  levelLayout,
  MAX_SHARD_CELLS,
  ranksOfShard,
} from "../../../../core/store/layout.ts";

function spec(part: Partial<StoreSpec>): StoreSpec {
  return {
    layout: "compact",
    parentOrder: 6,
    parents: [0, 1, 5, 9000, 45763],
    parentsPerShard: 2,
    levels: [12],
    latitude: "authalic",
    morton: null,
    variables: [],
    provenance: {},
    ...part,
  };
}

Deno.test("a compact level has one stretch of cells a parent and a chunk grid that may overhang", () => {
  const { length, shardCells, chunkCells, shards } = levelLayout(spec({}), 12);
  assert.deepEqual([length, shardCells, chunkCells, shards], [5 * 4096, 2 * 4096, 4096, 3]);
});

Deno.test("a sphere level has a position for every cell of the sphere", () => {
  const layout = levelLayout(spec({ layout: "sphere", parentsPerShard: 16 }), 12);
  assert.equal(layout.length, 12 * 4 ** 12);
  assert.equal(layout.shards, (12 * 4 ** 6) / 16);
});

Deno.test("a level of few cells a parent has one inner chunk a shard", () => {
  const layout = levelLayout(spec({ parentsPerShard: 4 }), 10);
  assert.deepEqual([layout.shardCells, layout.chunkCells], [4 * 256, 4 * 256]);
});

Deno.test("a parent of more cells than a chunk may have is cut into quarters, never across parents", () => {
  const layout = levelLayout(spec({}), 16);
  assert.equal(layout.chunkCells, MAX_CHUNK_CELLS);
  assert.equal(4 ** 10 % layout.chunkCells, 0);
});

Deno.test("inner chunks divide shards and hold whole parents or whole parts, for any shard size", () => {
  fc.assert(fc.property(
    fc.constantFrom("compact" as const, "sphere" as const),
    fc.integer({ min: 1, max: 3000 }),
    fc.integer({ min: 0, max: 11 }),
    (layout, parentsPerShard, depth) => {
      const found = levelLayout(spec({ layout, parentsPerShard }), 6 + depth);
      assert.equal(found.shardCells % found.chunkCells, 0);
      assert.ok(found.chunkCells <= MAX_CHUNK_CELLS);
      const [small, large] = [found.chunkCells, found.cellsPerParent].sort((a, b) => a - b);
      assert.equal(large % small, 0);
      assert.ok(found.shards * found.shardCells >= found.length);
      assert.ok((found.shards - 1) * found.shardCells < found.length);
    },
  ));
});

Deno.test("every parent stands in exactly one shard", () => {
  for (const layout of ["compact", "sphere"] as const) {
    const own = spec({ layout, parentsPerShard: 4 });
    const { shards } = levelLayout(own, 12);
    const seen: number[] = [];
    for (let shard = 0; shard < shards; shard++) {
      const { first, end } = ranksOfShard(own, shard);
      for (let rank = first; rank < end; rank++) {
        seen.push(rank);
        if (layout === "sphere") assert.equal(Math.floor(own.parents[rank] / 4), shard);
      }
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  }
});

Deno.test("levels above the parents stand over their distinct ancestors", () => {
  assert.deepEqual(ancestors(spec({}), 5), [0, 1, 2250, 11440]);
  assert.deepEqual(ancestors(spec({}), 0), [0, 2, 11]);
  const { length, shardCells, chunkCells, shards } = levelLayout(spec({}), 5);
  assert.deepEqual([length, shardCells, chunkCells, shards], [4, 4, 4, 1]);
  assert.equal(levelLayout(spec({ layout: "sphere" }), 5).length, 12 * 4 ** 5);
});

Deno.test("the default shard gives about the root of the parents, a bounded size, and in a sphere a coarser cell", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 12 * 4 ** 8 }),
    fc.integer({ min: 0, max: 12 }),
    (parents, depth) => {
      for (const layout of ["compact", "sphere"] as const) {
        const perShard = defaultParentsPerShard(layout, parents, 4 ** depth);
        assert.ok(perShard === 1 || perShard * 4 ** depth <= MAX_SHARD_CELLS);
        assert.ok(Number.isInteger(Math.log2(perShard) / (layout === "sphere" ? 2 : 1)));
        assert.ok(parents / perShard >= Math.sqrt(parents));
        if (layout === "compact" && perShard * 2 * 4 ** depth <= MAX_SHARD_CELLS) {
          assert.ok(parents / perShard <= 4 * Math.sqrt(parents) + 1);
        }
      }
    },
  ));
  assert.equal(defaultParentsPerShard("compact", 2660, 4096), 32);
  assert.equal(defaultParentsPerShard("sphere", 2660, 4096), 16);
  assert.equal(defaultParentsPerShard("compact", 358, 4096), 8);
  assert.equal(defaultParentsPerShard("compact", 8, 4096), 1);
});

Deno.test("a shard of no parents and a sphere too fine for exact shapes are refused", () => {
  assert.throws(() => levelLayout(spec({ parentsPerShard: 0 }), 12), /output\.shard is 0/);
  assert.throws(
    () => levelLayout(spec({ layout: "sphere", parentOrder: 17, parents: [3] }), 29),
    /past what array shapes can state/,
  );
});

Deno.test("the fill value of cell ids is no cell", () => {
  assert.equal(cellIdFill(0), 12n);
  assert.equal(cellIdFill(12), 201326592n);
  assert.equal(cellIdFill(29), 3458764513820540928n);
});
