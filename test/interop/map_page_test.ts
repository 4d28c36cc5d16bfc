/** The map page in a real browser: what it draws, asks and tells, of grids that h5py wrote. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import type { Page } from "playwright-core";
import { hasBrowser, inBrowser, openPage } from "../support/browser.ts";
import { granary, ROOT, startGranary, temporaryFolder } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";

const DAYS = 3;

interface MapWorld {
  url: string;
  folder: string;
}

/** A server of daily grids, by the binary. */
async function inWorld(body: (world: MapWorld) => Promise<void>): Promise<void> {
  const folder = temporaryFolder("granary-map-");
  const script = path.join(ROOT, "test", "support", "daily_grids.py");
  const made = spawnSync(process.env.GRANARY_TEST_PYTHON ?? "", [script, folder, String(DAYS)], {
    encoding: "utf8",
  });
  assert.equal(made.status, 0, made.stderr);
  const catalog = path.join(folder, "daily.parquet");
  const built = await granary(["catalog", "build", "--from", "local", "-c", "grids", folder, "-o", catalog]);
  assert.equal(built.code, 0, built.stderr);
  const child = startGranary(["serve", "--catalog", catalog, "--port", "0", "--json"]);
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stdout?.on("data", (data: Uint8Array) => {
        text += new TextDecoder().decode(data);
        const found = /"url":\s*"([^"]+)"/.exec(text);
        if (found !== null) resolve(found[1]);
      });
      child.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
    await body({ url, folder });
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("close", resolve));
  }
}

/** The value of the cell at a place, as h5py reads the file. */
const VALUE = `
import h5py, json, sys
name, lon, lat = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
with h5py.File(name) as file:
    row, column = int(abs(file["lat"][:] - lat).argmin()), int(abs(file["lon"][:] - lon).argmin())
    print(json.dumps(float(file["warmth"][0, row, column])))
`;

/** How many pixels of the tiles' canvas are drawn, and in how many colours. */
function drawnPixels(page: Page): Promise<{ opaque: number; colours: number }> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector(".tiles canvas");
    if (canvas === null || canvas.width === 0) return { opaque: 0, colours: 0 };
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    let opaque = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] !== 255) continue;
      opaque += 1;
      colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
    }
    return { opaque, colours: colours.size };
  })()`);
}

async function untilAddress(page: Page, part: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if ((await page.inputValue("#address")).includes(part)) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`the tiles' address is ${await page.inputValue("#address")}, without ${part}`);
}

async function untilDrawn(page: Page): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const { opaque, colours } = await drawnPixels(page);
    if (opaque > 50_000 && colours > 20) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`no tiles: ${JSON.stringify(await drawnPixels(page))}, ${await page.textContent("#status")}`);
}

Deno.test({
  name: "the map shows tiles in every view, the value of a click, its series and each time's own tiles",
  ignore: !hasBrowser || !hasPeer("h5py"),
  fn: () =>
    inWorld(({ url, folder }) =>
      inBrowser(async (browser) => {
        const { page, complaints } = await openPage(browser, `${url}/map`);
        await untilDrawn(page);
        const last = await page.inputValue("#address");
        assert.match(last, /\/xarray\/tiles\/WebMercatorQuad\/\{z\}\/\{x\}\/\{y\}\.png\?.*variables=warmth/);
        assert.match(last, /temporal=2024-10-13/);
        assert.match(last, /rescale=/);

        await page.mouse.click(700, 420);
        await page.waitForSelector("#values td");
        const [, lat, north, lon, east] = /^([\d.]+)° ([NS]), ([\d.]+)° ([EW])$/
          .exec(await page.textContent("#values-title") ?? "") ?? [];
        const place = [Number(lon) * (east === "W" ? -1 : 1), Number(lat) * (north === "S" ? -1 : 1)];
        const shown = parseFloat(await page.textContent("#values td") ?? "");
        const file = path.join(folder, "warmth_20241013.nc");
        assert.equal(shown, askPython(VALUE, file, ...place.map(String)));
        const search = new URL(last.replace(/\{.\}/g, "0")).searchParams;
        const point = await fetch(
          `${url}/xarray/point/${place}?catalog=daily&variables=warmth&temporal=${search.get("temporal")}`,
        );
        assert.ok(
          (await point.json()).assets.some(({ values }: { values: number[] }) => values[0] === shown),
        );

        await page.waitForSelector(".chart circle");
        const days = Array.from({ length: DAYS }, (_, i) => `warmth_202410${11 + i}.nc`);
        const series = days.map((day) => askPython(VALUE, path.join(folder, day), ...place.map(String)));
        const charted = await page.$$eval(
          ".chart td",
          (cells) => cells.map((cell) => Number(cell.textContent)),
        );
        assert.deepEqual(charted, series);

        const asked = page.waitForRequest((request) => /temporal=2024-10-11/.test(request.url()));
        await page.fill("#time", "0");
        await asked;
        assert.match(await page.inputValue("#address"), /temporal=2024-10-11/);
        await untilDrawn(page);

        for (const [label, set] of [["Arctic", "GIBSArctic3413"], ["Antarctic", "GIBSAntarctic3031"]]) {
          await page.getByText(label, { exact: true }).click();
          await untilAddress(page, `/tiles/${set}/`);
          await untilDrawn(page);
        }
        assert.deepEqual(complaints, []);
      })
    ),
});
