/** A feed over recorded answers of the Copernicus Data Space, by the binary. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { finish, granary, startGranary, temporaryFolder } from "../support/binary.ts";
import { type FakeProduct, startCdse } from "../support/cdse_server.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const read = (name: string) => fs.readFileSync(sharedData(`cdse/${name}`), "utf8");
const ENVIRONMENT = { GRANARY_PUSH_USER: "u", GRANARY_PUSH_PASSWORD: "p" };

async function report(...args: string[]) {
  const result = await granary(["feed", ...args, "--json"], { env: ENVIRONMENT });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

Deno.test({
  name: "five recorded pages are 47 granules in the catalog, and a quiet poll asks at most twice",
  ignore: !hasSharedData,
  async fn() {
    const products: FakeProduct[] = [1, 2, 3, 4, 5].flatMap((page) =>
      JSON.parse(read(`cdsetool/odata_page_${page}.json`)).value
    );
    const service = await startCdse(products);
    const folder = temporaryFolder("granary-recorded-");
    const yaml = path.join(folder, "aux.yaml");
    fs.writeFileSync(
      yaml,
      `feed: aux
source: {from: cdse, url: ${service.url}/odata/v1/, collection: SENTINEL-1}
follow: {start: 2023-01-01}
catalog: {to: aux.live}
`,
    );
    try {
      const first = await report("run", yaml);
      assert.deepEqual([first.news, first.short, first.more], [47, [], false]);
      const asked = service.asked.length;
      assert.equal((await report("run", yaml)).news, 0);
      assert.ok(service.asked.length - asked <= 2, `${service.asked.length - asked} requests`);
      const { stdout } = await granary(["catalog", "info", path.join(folder, "aux.live"), "--json"]);
      assert.equal(JSON.parse(stdout).granules, 47);
    } finally {
      await service.close();
    }
  },
});

Deno.test({
  name: "a notice pushed twice is one granule, one of 1999 is left out, one with no single file stays as bad",
  ignore: !hasSharedData,
  async fn() {
    const service = await startCdse([]);
    const folder = temporaryFolder("granary-pushed-");
    const yaml = path.join(folder, "s2.yaml");
    fs.writeFileSync(
      yaml,
      `feed: s2
source: {from: cdse, url: ${service.url}/odata/v1/, collection: SENTINEL-2}
follow: {start: 2024-01-01, poll: false}
keep: {recent: 7000d}
catalog: {to: s2.live}
download: {to: files}
push: {port: 0}
`,
    );
    const notice = () => JSON.parse(read("push-granule-created-s2-n1.json"));
    const old = notice();
    old.value.Id = old.ProductId = "00000000-0000-4000-8000-000000000001";
    old.value.ContentDate = { Start: "1999-01-01T00:00:00Z", End: "1999-01-01T00:00:00Z" };
    const none = notice();
    none.value.Locations = [];
    const two = notice();
    two.value.Locations.push(two.value.Locations[0]);
    const child = startGranary(["feed", "serve", yaml], { env: ENVIRONMENT });
    const ended = finish(child);
    try {
      const url = await listeningAt(child);
      const headers = { authorization: `Basic ${btoa("u:p")}` };
      for (const body of [notice(), notice(), old, none, two]) {
        const reply = await fetch(url, { method: "POST", body: JSON.stringify(body), headers });
        await reply.text();
        assert.equal(reply.status, 204);
      }
      child.kill("SIGTERM");
      await ended;
      await report("run", yaml);
      const { days, tasks, notices } = await report("status", yaml, "--days", "20000");
      const sum = (name: string) =>
        days.reduce((total: number, day: Record<string, number>) => total + day[name], 0);
      assert.deepEqual([sum("known"), sum("kept"), sum("filtered")], [2, 1, 1]);
      assert.deepEqual([tasks.waiting, notices.bad, notices.waiting], [1, 2, 0]);
    } finally {
      child.kill("SIGKILL");
      await ended;
      await service.close();
    }
  },
});

/** The URL that it says it listens on. */
async function listeningAt(child: ReturnType<typeof startGranary>): Promise<string> {
  let said = "";
  for await (const chunk of child.stderr!) {
    said += chunk;
    const url = /(http:\/\/127\.0\.0\.1:\d+\/\S*)/.exec(said)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(said);
}
