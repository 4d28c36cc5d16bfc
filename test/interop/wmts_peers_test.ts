/** The documents of WMTS as OWSLib reads them, beside those that TiTiler makes of the same file. */
import assert from "node:assert/strict";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { startServer } from "../support/binary_server.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const FILE = "HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif";
/** Of these the two servers have the same definitions. */
const SETS = ["WebMercatorQuad", "WGS1984Quad", "WorldCRS84Quad", "CanadianNAD83_LCC", "UPSArcticWGS84Quad"];

const ASK = `
import json, sys, warnings
warnings.simplefilter("ignore")
from fastapi import FastAPI
from fastapi.testclient import TestClient
from morecantile import tms
from owslib.wmts import WebMapTileService
from titiler.core.factory import TilerFactory
from titiler.extensions import wmtsExtension
url, file, sets = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
app = FastAPI()
app.include_router(TilerFactory(extensions=[wmtsExtension()]).router)
asked = {"minzoom": 2, "maxzoom": 9}
text = TestClient(app).get("/WMTSCapabilities.xml", params={"url": file, **asked})
assert text.status_code == 200, text.text
theirs = WebMapTileService("http://peer/", xml=text.content)
ours = WebMapTileService(f"{url}/rasterio/WMTSCapabilities.xml?rescale=0,255&minzoom=2&maxzoom=9")

def matrices(service, name):
    return {
        key: [m.scaledenominator, m.topleftcorner, m.tilewidth, m.tileheight, m.matrixwidth, m.matrixheight]
        for key, m in service.tilematrixsets[name].tilematrix.items() if 0 <= int(key) <= 9
    }

def limits(layer, name):
    each = layer.tilematrixsetlinks[name].tilematrixlimits
    return {key: [l.mintilerow, l.maxtilerow, l.mintilecol, l.maxtilecol] for key, l in each.items()}

[layer] = ours.contents.values()
west, south, east, north = layer.boundingBoxWGS84
out = {"rest": ours.restonly, "name": layer.id, "formats": layer.formats, "box": layer.boundingBoxWGS84, "sets": {}}
for name in sets:
    [peer] = [one for one in theirs.contents.values() if name in one.tilematrixsetlinks]
    t = tms.get(name).tile((west + east) / 2, (south + north) / 2, 8)
    tile = ours.gettile(layer=layer.id, tilematrixset=name, tilematrix="8", row=t.y, column=t.x, format="image/png")
    out["sets"][name] = {
        "crs": ours.tilematrixsets[name].crs,
        "matrices": matrices(ours, name) == matrices(theirs, name),
        "limits": [limits(layer, name), limits(peer, name)],
        "tile": tile.read()[:8].hex(),
    }
    out["peerBox"] = peer.boundingBoxWGS84
print(json.dumps(out))
`;

interface Found {
  rest: boolean;
  name: string;
  formats: string[];
  box: number[];
  peerBox: number[];
  sets: Record<string, {
    crs: string;
    matrices: boolean;
    limits: [Record<string, number[]>, Record<string, number[]>];
    tile: string;
  }>;
}

Deno.test({
  name: "OWSLib reads the document, finds in it what TiTiler says of the file, and gets its tiles",
  ignore: !hasSharedData || !hasPeer("owslib", "titiler.core", "titiler.extensions", "morecantile"),
  async fn() {
    const folder = temporaryFolder("granary-wmts-peers-");
    const catalog = path.join(folder, "fmask.parquet");
    const file = sharedData(`cog/${FILE}`);
    const built = await granary(["catalog", "build", "--from", "local", "-c", "grids", file, "-o", catalog]);
    assert.equal(built.code, 0, built.stderr);
    const server = await startServer(["--catalog", catalog]);
    try {
      const found = askPython(ASK, server.url, file, JSON.stringify(SETS)) as Found;
      assert.deepEqual([found.rest, found.name, found.formats], [true, "granules", ["image/png"]]);
      found.box.forEach((side, i) => assert.ok(Math.abs(side - found.peerBox[i]) < 0.02, `${found.box}`));
      for (const [name, { crs, matrices, limits: [ours, theirs], tile }] of Object.entries(found.sets)) {
        assert.match(crs, /^urn:ogc:def:crs:(EPSG:|OGC:1\.3):\w+$/);
        assert.ok(matrices, name);
        assert.equal(tile, "89504e470d0a1a0a", name);
        assert.deepEqual(Object.keys(ours), ["2", "3", "4", "5", "6", "7", "8", "9"], name);
        // Its zooms are those of the file's pixels. The boxes of the two differ by up to a hundredth of a degree.
        const both = Object.keys(theirs).filter((zoom) => zoom in ours);
        assert.ok(both.length > 0, `${name} ${Object.keys(theirs)}`);
        for (const zoom of both) {
          ours[zoom].forEach((side, i) =>
            assert.ok(Math.abs(side - theirs[zoom][i]) <= 1, `${name} ${zoom}`)
          );
        }
      }
    } finally {
      await server.stop();
    }
  },
});
