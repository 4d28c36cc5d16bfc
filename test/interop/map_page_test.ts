/** The map page in a real browser: what it draws, asks and tells, of grids that h5py wrote. */
import assert from "node:assert/strict";
import path from "node:path";
import type { Page } from "playwright-core";
import { hasBrowser, inBrowser, openPage } from "../support/browser.ts";
import { temporaryFolder } from "../support/binary.ts";
import { dailyCatalog, startServer } from "../support/binary_server.ts";
import { askPython, hasPeer } from "../support/python.ts";

const DAYS = 3;

interface MapWorld {
  url: string;
  folder: string;
}

/** A name that would run, were it ever read as HTML. */
const EVIL = `x"'><img src=x onerror=alert(1)>`;

/** A server of daily grids, by the binary; one catalog's names are hostile. */
async function inWorld(body: (world: MapWorld) => Promise<void>): Promise<void> {
  const folder = temporaryFolder("granary-map-");
  const daily = await dailyCatalog(folder, "daily.parquet", DAYS, "warmth");
  const evil = await dailyCatalog(path.join(folder, "evil"), `${EVIL}.parquet`, 2, EVIL);
  const server = await startServer(["--catalog", daily, "--catalog", evil]);
  try {
    await body({ url: server.url, folder: path.join(folder, "files") });
  } finally {
    await server.stop();
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
function drawnPixels(page: Page): Promise<{ drawn: number; colours: number }> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector(".tiles canvas");
    if (canvas === null || canvas.width === 0) return { drawn: 0, colours: 0 };
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    let drawn = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      drawn += 1;
      colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
    }
    return { drawn, colours: colours.size };
  })()`);
}

/** Longitude and latitude of the values that are shown. */
async function placeShown(page: Page): Promise<[number, number]> {
  const title = await page.textContent("#values-title") ?? "";
  const [, lat, north, lon, east] = /^([\d.]+)° ([NS]), ([\d.]+)° ([EW])$/.exec(title) ?? [];
  return [Number(lon) * (east === "W" ? -1 : 1), Number(lat) * (north === "S" ? -1 : 1)];
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
    const { drawn, colours } = await drawnPixels(page);
    if (drawn > 50_000 && colours > 20) return;
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
        const dialogs: string[] = [];
        page.on("dialog", (dialog) => void (dialogs.push(dialog.message()), dialog.dismiss()));
        await page.locator("#layers .choice").filter({ hasText: "daily" }).click();
        await untilAddress(page, "catalog=daily");
        await untilDrawn(page);
        const last = await page.inputValue("#address");
        assert.match(last, /\/xarray\/tiles\/WebMercatorQuad\/\{z\}\/\{x\}\/\{y\}\.png\?.*variables=warmth/);
        assert.match(last, /temporal=2024-10-13/);
        assert.match(last, /rescale=/);

        await page.mouse.click(700, 420);
        await page.waitForSelector("#values td");
        const place = await placeShown(page);
        const shown = Number(await page.getAttribute("#values td", "title"));
        assert.match(await page.textContent("#values td") ?? "", / K$/);
        const file = path.join(folder, "warmth_20241013.nc");
        assert.equal(shown, askPython(VALUE, file, ...place.map(String)));
        const temporal = new URL(last).searchParams.get("temporal");
        const point = await fetch(
          `${url}/xarray/point/${place}?catalog=daily&variables=warmth&temporal=${temporal}`,
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

        // Names of the other catalog are shown as they are, and do nothing.
        await page.locator("#layers .choice").filter({ hasText: "<img" }).click();
        await page.getByText("Mercator", { exact: true }).click();
        await untilAddress(page, "onerror");
        await untilDrawn(page);
        await page.mouse.click(700, 420);
        await page.waitForSelector(".chart circle");
        assert.equal(await page.textContent("#variable option:checked"), EVIL);
        assert.ok((await page.textContent("#values th"))?.startsWith(EVIL));
        assert.deepEqual([await page.locator("img").count(), complaints, dialogs], [0, [], []]);

        // A link to what is shown shows the same.
        await page.selectOption("#colormap", "magma");
        await page.fill("#opacity", "0.4");
        await page.getByText("Arctic", { exact: true }).click();
        await untilAddress(page, "/tiles/GIBSArctic3413/");
        await page.focus("#map");
        await page.keyboard.press("+");
        await page.waitForTimeout(700);
        const shared = await openPage(browser, page.url());
        await untilAddress(shared.page, "magma");
        await untilDrawn(shared.page);
        for (const id of ["#address", "#opacity", "#colormap", "#low", "#high", "#time"]) {
          assert.equal(await shared.page.inputValue(id), await page.inputValue(id), id);
        }
        assert.equal(shared.page.url(), page.url());
        assert.ok(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("layer")?.includes("onerror"));
        assert.deepEqual(shared.complaints, []);
        await shared.page.close();

        // A page of its own for one selection, with its parameters; and keys instead of a mouse.
        const search = new URLSearchParams({
          catalog: "daily",
          variables: "warmth",
          temporal: "2024-10-12T00:00:00Z",
          rescale: "0,60",
          colormap_name: "magma",
        });
        const own = await openPage(browser, `${url}/xarray/GIBSArctic3413/map.html?${search}`);
        await untilDrawn(own.page);
        const tiles = await own.page.inputValue("#address");
        for (
          const part of [
            "/xarray/tiles/GIBSArctic3413/",
            "rescale=0%2C60",
            "colormap_name=magma",
            "2024-10-12",
          ]
        ) {
          assert.ok(tiles.includes(part), `${tiles}: ${part}`);
        }
        await own.page.focus("#map");
        await own.page.keyboard.press("Enter");
        await own.page.waitForSelector("#values td");
        // The middle of this view is the pole; its longitude is one between two cells.
        const [lon, lat] = await placeShown(own.page);
        assert.equal(lat, 90);
        const secondDay = path.join(folder, "warmth_20241012.nc");
        const beside = [lon - 0.1, lon + 0.1].map((x) => askPython(VALUE, secondDay, String(x), "90"));
        assert.ok(beside.includes(Number(await own.page.getAttribute("#values td", "title"))));
        await own.page.keyboard.press("Escape");
        assert.equal(await own.page.isVisible("#values"), false);
        assert.deepEqual(own.complaints, []);
      })
    ),
});
