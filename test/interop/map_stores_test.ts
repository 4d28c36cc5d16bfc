/** The map page on stores, in a real browser: windows of time, and orders that follow the zoom. */
import assert from "node:assert/strict";
import path from "node:path";
import type { Page } from "playwright-core";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { cellCentre } from "../../core/cells/place.ts";
import { temporaryFolder } from "../support/binary.ts";
import { startServer } from "../support/binary_server.ts";
import { hasBrowser, inBrowser, openPage } from "../support/browser.ts";
import { FINE_ORDER, fixtureIds, fixtureSpec, fixtureValues, writeFixture } from "./store_fixture.ts";

const seconds = (day: string) => Date.parse(day) / 1000;
const DAYS = ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"];
const WINDOWS = DAYS.length - 1;

/** One whose values are whole numbers. */
const CELL = fixtureIds(fixtureSpec("compact"), FINE_ORDER).slice(100).find((id) => id % 3 === 0) ?? NaN;
/** Of `h_best`, in each window. */
const VALUES = Array.from({ length: WINDOWS }, (_, window) => fixtureValues([CELL], window)[2][0]);

/** The picture that is drawn of the store, as text. */
function picture(page: Page): Promise<string> {
  return page.evaluate(`document.querySelector(".tiles canvas")?.toDataURL() ?? ""`);
}

async function untilAnother(page: Page, former: string): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const now = await picture(page);
    if (now !== former && now.length > 2000) return now;
    await page.waitForTimeout(100);
  }
  return assert.fail(`the tiles did not change: ${await page.textContent("#status")}`);
}

/** What stands for the chosen variable, of the place in the middle of the map. */
async function valueInTheMiddle(page: Page): Promise<number> {
  await page.focus("#map");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".chart circle");
  return Number(await page.getAttribute("#values tr.chosen td", "title"));
}

Deno.test({
  name:
    "the map of a store shows each window's own tiles, values and series, of finer cells the nearer one looks",
  ignore: !hasBrowser,
  fn: async () => {
    const store = path.join(temporaryFolder("granary-map-store-"), "months.zarr");
    const time = { starts: DAYS.slice(0, WINDOWS).map(seconds), ends: DAYS.slice(1).map(seconds) };
    await writeFixture({ ...fixtureSpec("compact"), time }, new FolderTarget(store));
    const server = await startServer(["--store", store]);
    try {
      await inBrowser(async (browser) => {
        const center = cellCentre(CELL, FINE_ORDER, "authalic").map((degrees) => degrees.toFixed(4));
        const address = `${server.url}/store/months/map.html#variable=h_best&center=${center}`;
        const orders = new Set<string>();
        const { page, complaints } = await openPage(browser, `${address}&zoom=0`, (answer) => {
          const order = answer.headers()["x-granary-order"];
          if (order !== undefined) orders.add(order);
        });
        for (let i = 0; orders.size === 0 && i < 300; i++) await page.waitForTimeout(100);
        await page.waitForLoadState("networkidle");
        assert.ok(orders.size > 0 && !orders.has(String(FINE_ORDER)), [...orders].join());

        // The page takes up what its address says anew.
        const finest = page.waitForResponse((one) => one.headers()["x-granary-order"] === String(FINE_ORDER));
        await page.goto(`${address}&zoom=9`);
        await finest;
        assert.match(await page.inputValue("#address"), /variable=h_best.*time=2020-03-01/);
        await page.waitForLoadState("networkidle");
        const last = await untilAnother(page, "");
        assert.equal(await valueInTheMiddle(page), VALUES[WINDOWS - 1]);
        const charted = await page.$$eval(
          ".chart td",
          (cells) => cells.map((cell) => Number(cell.textContent)),
        );
        assert.deepEqual(charted, VALUES);
        assert.match(await page.textContent("#about") ?? "", /HEALPix.*orders 2 to 9/);

        const layer = await fetch(await page.evaluate(`document.querySelector("#wmts").href`));
        assert.match(await layer.text(), /<ows:Identifier>h_best<.*time=2020-03-01/s);

        await page.fill("#time", "0");
        await untilAnother(page, last);
        assert.match(await page.inputValue("#address"), /time=2020-01-01/);
        await page.keyboard.press("Escape");
        assert.equal(await valueInTheMiddle(page), VALUES[0]);
        assert.deepEqual(complaints, []);
      });
    } finally {
      await server.stop();
    }
  },
});
