/** The example of Sentinel-2 L1C over a list of tiles: polled and pushed at once, then pushed alone, then served. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import {
  bareEnvironment,
  granary,
  placedBinary,
  ROOT,
  startGranary,
  temporaryFolder,
} from "../support/binary.ts";
import { type CdseServer, type FakeProduct, startCdse } from "../support/cdse_server.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const TILES = ["28PHQ", "28PHR", "29PKL", "54PXA"];
const LISTED = TILES.slice(0, 2);
const BOUND_MS = 40_000;

interface Made {
  product: FakeProduct;
  content: string;
  listed: boolean;
}

/** Products alike to the recorded one, over the tiles by turns, with files of their own. */
function productsLike(value: FakeProduct, count: number): Made[] {
  const from = Date.now() - 10 * 3_600_000;
  return Array.from({ length: count }, (_, i) => {
    const tile = TILES[i % TILES.length];
    const at = new Date(from + i * 600_000).toISOString();
    const content = `product ${i} ${"x".repeat(1000 + i)}`;
    const product = {
      ...value,
      Id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
      Name: `S2A_MSIL1C_20240912T112541_N0511_R137_T${tile}_${String(i).padStart(15, "0")}.SAFE`,
      ModificationDate: at,
      PublicationDate: at,
      ContentDate: { Start: at, End: at },
      ContentLength: content.length,
      Checksum: [{ Algorithm: "MD5", Value: crypto.createHash("md5").update(content).digest("hex") }],
      Attributes: (value.Attributes as { Name: string }[]).map((one) =>
        one.Name === "tileId" ? { ...one, Value: tile } : one
      ),
    };
    return { product, content, listed: LISTED.includes(tile) };
  });
}

/** Starts a phase of the example and waits for the URL that it listens on. */
async function startPhase(folder: string, phase: string, service: CdseServer) {
  const script = path.join(ROOT, "examples", "sentinel2_l1c.sh");
  const child = spawn("/bin/bash", [script, folder, phase], {
    env: bareEnvironment({
      PATH: `${path.dirname(placedBinary())}:/usr/bin:/bin`,
      SERVICE: service.url,
      EVERY: "1s",
      PORT: "0",
      CDSE_USERNAME: "me",
      CDSE_PASSWORD: "pass",
      GRANARY_PUSH_USER: "u",
      GRANARY_PUSH_PASSWORD: "p",
    }),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text) => said += text);
  const ended = new Promise<string>((resolve) =>
    child.on("close", (code, signal) => resolve(String(signal ?? code)))
  );
  const url = () => /(http:\/\/127\.0\.0\.1:\d+\S*)/.exec(said)?.[1];
  try {
    await until(() => Promise.resolve(url() !== undefined), () => said);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return { url: url()!, stop: () => stop(child, ended), said: () => said };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<string> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), BOUND_MS);
  const code = await ended;
  clearTimeout(timer);
  return code;
}

async function until(holds: () => Promise<boolean>, why: () => string): Promise<void> {
  for (const end = Date.now() + BOUND_MS; !await holds();) {
    assert.ok(Date.now() < end, why());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  name:
    "sentinel2_l1c.sh: each granule of the tiles is one row, one file and one item, polled, pushed or both",
  ignore: !hasSharedData,
  async fn() {
    const notice = JSON.parse(fs.readFileSync(sharedData("cdse/push-granule-created-s2-n1.json"), "utf8"));
    const made = productsLike(notice.value, 40);
    const folder = temporaryFolder("granary-example-feed-");
    const service = await startCdse([]);
    for (const { product, content } of made) service.contents.set(product.Id, content);
    const push = async (url: string, some: readonly Made[]) => {
      const headers = { authorization: `Basic ${btoa("u:p")}` };
      await Promise.all(some.map(async ({ product }) => {
        const body = { ...notice, ProductId: product.Id, ProductName: product.Name, value: product };
        const reply = await fetch(url, { method: "POST", body: JSON.stringify(body), headers });
        await reply.text();
        assert.equal(reply.status, 204);
      }));
    };
    const status = async () =>
      JSON.parse((await granary(["feed", "status", path.join(folder, "s2-l1c.yaml"), "--json"])).stdout);
    const fetched = async (count: number) => {
      const files = fs.existsSync(path.join(folder, "files"))
        ? (fs.readdirSync(path.join(folder, "files"), { recursive: true }) as string[])
          .filter((name) => name.endsWith(".zip")).length
        : 0;
      return files === count && (await status()).tasks.done === count;
    };
    try {
      service.products.push(...made.slice(0, 24).map(({ product }) => product));
      const transition = await startPhase(folder, "transition", service);
      await push(transition.url, made.slice(8, 32));
      service.products.push(...made.slice(24, 32).map(({ product }) => product));
      await until(() => fetched(16), transition.said);
      // A process that was asked to end says so to who started it.
      assert.equal(await transition.stop(), "SIGTERM", transition.said());

      const searches = () => service.asked.filter(({ url }) => /Products$/.test(url.pathname)).length;
      const before = searches();
      const pushed = await startPhase(folder, "push", service);
      await push(pushed.url, made.slice(32));
      await until(() => fetched(20), pushed.said);
      // A round publishes what came.
      await until(async () => (await items()).length === 20, pushed.said);
      await pushed.stop();
      assert.equal(searches(), before, "the catalogue is searched no more");

      const { days, tasks, notices } = await status();
      const sum = (name: string) =>
        days.reduce((total: number, day: Record<string, number>) => total + day[name], 0);
      assert.deepEqual(["known", "kept", "filtered", "downloaded"].map(sum), [40, 20, 20, 20]);
      assert.deepEqual([tasks.done, tasks.waiting, tasks.failed, tasks.dead, notices.bad], [20, 0, 0, 0, 0]);
      for (const { product, content, listed } of made) {
        const file = path.join(folder, "files", "CDSE", "SENTINEL-2.S2MSI1C", `${product.Name}.zip`);
        assert.equal(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null, listed ? content : null);
      }
      const names = made.filter(({ listed }) => listed).map(({ product }) => product.Name).sort();
      assert.deepEqual((await items()).sort(), names);

      const served = await startPhase(folder, "serve", service);
      const reply = await fetch(
        new URL("/bbox/-180,-90,180,90/granules?f=geojson&items_limit=100", served.url),
      );
      const found = await reply.json();
      assert.deepEqual(
        found.features.map((one: { properties: { granule_ur: string } }) => one.properties.granule_ur).sort(),
        names,
      );
      await served.stop();
    } finally {
      await service.close();
    }

    async function items(): Promise<string[]> {
      const live = path.join(folder, "s2-l1c.live");
      const { stdout } = await granary([
        "catalog",
        "sql",
        live,
        "SELECT id FROM granules",
        "--format",
        "json",
      ]);
      return (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
    }
  },
});

Deno.test("a feed that is pushed to polls again when its push is silent, long before its next round", async () => {
  const folder = temporaryFolder("granary-silent-");
  const service = await startCdse([]);
  const yaml = path.join(folder, "s2.yaml");
  const start = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  fs.writeFileSync(
    yaml,
    `feed: s2
source: {from: cdse, url: ${service.url}/odata/v1/, collection: SENTINEL-2}
follow: {start: ${start}, poll: false}
push: {port: 0, silent: 1s}
`,
  );
  const child = startGranary(["feed", "run", yaml, "--every", "1h", "--listen"], {
    env: { GRANARY_PUSH_USER: "u", GRANARY_PUSH_PASSWORD: "p" },
  });
  let said = "";
  child.stderr!.on("data", (text) => said += text);
  const ended = new Promise<string>((resolve) =>
    child.on("close", (code, by) => resolve(String(by ?? code)))
  );
  try {
    const counts = () => service.asked.filter(({ url }) => url.searchParams.get("$count") === "true").length;
    await until(() => Promise.resolve(counts() >= 3), () => said);
    assert.match(said, /s2: nothing was pushed yet; polling/);
  } finally {
    await stop(child, ended);
    await service.close();
  }
});
