/** Tile matrix sets as morecantile has them: the documents, the boxes of tiles. */
import assert from "node:assert/strict";
import { TILE_MATRIX_SET_NAMES, tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import { maxZoom, minZoom, setBounds, tileAt, tileBounds } from "../../core/raster/tms/tiles.ts";
import { askPython, hasPeer } from "../support/python.ts";

const NAMES = TILE_MATRIX_SET_NAMES.filter((name) => !name.startsWith("GIBS"));

const DUMP = `
import json, sys, warnings, morecantile
warnings.simplefilter("ignore")
asked = json.loads(sys.argv[1])
out = {}
for name, places in asked.items():
    t = morecantile.tms.get(name)
    out[name] = {
        "document": json.loads(t.model_dump_json(exclude_none=True)),
        "tiles": [], "boxes": [],
    }
    for x, y, z in places:
        tile = t._tile(x, y, z, ignore_coalescence=False)
        out[name]["tiles"].append([tile.z, tile.x, tile.y])
        out[name]["boxes"].append(list(t.xy_bounds(tile)))
out["names"] = sorted(morecantile.tms.list())
print(json.dumps(out))
`;

Deno.test({
  name: "every set of morecantile has its document and its tiles here",
  ignore: !hasPeer("morecantile"),
  fn() {
    const asked: Record<string, number[][]> = {};
    for (const name of NAMES) {
      const set = tileMatrixSet(name);
      const [left, bottom, right, top] = setBounds(set);
      const [first, last] = [Math.max(0, minZoom(set)), maxZoom(set)];
      asked[name] = Array.from({ length: 60 }, (_, i) => [
        left + (right - left) * ((i * 0.618034) % 1),
        bottom + (top - bottom) * ((i * 0.414214) % 1),
        first + i % (last - first + 1),
      ]);
    }
    const peer = askPython(DUMP, JSON.stringify(asked)) as Record<string, Answer> & { names: string[] };
    assert.deepEqual(peer.names, [...NAMES].sort());
    for (const name of NAMES) {
      const set = tileMatrixSet(name);
      assert.deepEqual(JSON.parse(JSON.stringify(set)), peer[name].document, name);
      asked[name].forEach(([x, y, zoom], i) => {
        const tile = tileAt(set, x, y, zoom);
        assert.deepEqual([tile.z, tile.x, tile.y], peer[name].tiles[i], `${name}, ${x} ${y}`);
        assert.deepEqual([...tileBounds(set, tile)], peer[name].boxes[i], name);
      });
    }
  },
});

interface Answer {
  document: unknown;
  tiles: number[][];
  boxes: number[][];
}
