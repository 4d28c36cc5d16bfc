/** What repairs a feed, by the binary: deadlines, days before its start, downloads and notices that are put back. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { type FakeProduct, startCdse } from "../support/cdse_server.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const DAY_MS = 86_400_000;

Deno.test({
  name:
    "a feed ends at its deadline and goes on, walks days before its start, and tries again what is put back",
  ignore: !hasSharedData,
  async fn() {
    const { value } = JSON.parse(fs.readFileSync(sharedData("cdse/push-granule-created-s2-n1.json"), "utf8"));
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const dayText = (daysAgo: number) => new Date(today - daysAgo * DAY_MS).toISOString().slice(0, 10);
    const product = (i: number, daysAgo: number): FakeProduct => ({
      ...value,
      Id: `00000000-0000-4000-8000-00000000000${i}`,
      Name: `S2A_${i}.SAFE`,
      ModificationDate: `${dayText(daysAgo)}T01:00:00.000Z`,
      PublicationDate: `${dayText(daysAgo)}T01:00:00.000Z`,
      ContentLength: 5,
      Checksum: [],
    });
    const service = await startCdse([product(1, 20), product(2, 15), product(3, 8), product(4, 7)]);
    // Of the fourth there is no file.
    for (const i of [1, 2, 3]) service.contents.set(product(i, 0).Id, "bytes");
    const folder = temporaryFolder("granary-repair-");
    const yaml = path.join(folder, "s2.yaml");
    const at = `${service.url}/odata/v1/`;
    fs.writeFileSync(
      yaml,
      `feed: s2
source: {from: cdse, url: "${at}", download_url: "${at}", token_url: "${service.url}/token", collection: S}
follow: {start: ${dayText(10)}, settle: 5d}
download: {to: files, attempts: 1}
`,
    );
    const run = async (code: number, ...args: string[]) => {
      const result = await granary(["feed", args[0], yaml, ...args.slice(1), "--json"], {
        env: { CDSE_USERNAME: "me", CDSE_PASSWORD: "pass" },
      });
      assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
      return JSON.parse(result.stdout);
    };
    const ids = (report: { tasks: { id: string }[] }) => report.tasks.map(({ id }) => id);
    try {
      const cut = await run(0, "run", "--deadline", "0s");
      assert.deepEqual([cut.more, cut.news], [true, 0]);
      const first = await run(0, "run", "--deadline", "1h");
      assert.deepEqual([first.more, first.news, first.short], [false, 2, []]);

      assert.equal((await run(0, "backfill", "--from", dayText(20), "--to", dayText(15))).days, 6);
      const filled = await run(3, "run", "--download");
      assert.deepEqual([filled.news, filled.short], [2, []]);
      assert.deepEqual([filled.fetched.files, filled.fetched.failed.length], [3, 1]);
      const status = await run(3, "status", "--days", "30");
      const days = new Map(status.days.map((day: { day: string }) => [day.day, day]));
      for (const ago of [20, 15, 8, 7]) {
        const day = days.get(dayText(ago)) as { available: number; known: number };
        assert.deepEqual([day?.available, day?.known], [1, 1], dayText(ago));
      }

      // Only said, then done.
      for (const dry of [true, false]) {
        const report = await run(0, "requeue", "--dead", ...(dry ? ["--dry-run"] : []));
        assert.deepEqual([report.dry_run, ids(report)], [dry, ["S2A_4.SAFE"]]);
        assert.equal((await run(dry ? 3 : 0, "status")).tasks.dead, dry ? 1 : 0);
      }
      service.contents.set(product(4, 0).Id, "bytes");
      assert.equal((await run(0, "download")).files, 1);
      assert.deepEqual(ids(await run(0, "requeue", "--failed", "--dry-run")), []);
      assert.deepEqual(ids(await run(0, "requeue", "--day", dayText(8), "--dry-run")), ["S2A_3.SAFE"]);
      assert.deepEqual(ids(await run(0, "requeue", "--id", "S2A_1.SAFE")), ["S2A_1.SAFE"]);
      fs.rmSync(path.join(folder, "files"), { recursive: true });
      assert.equal((await run(0, "download")).files, 1, "one was put back");
      const files = fs.readdirSync(path.join(folder, "files"), { recursive: true }) as string[];
      assert.deepEqual(files.filter((name) => name.includes("S2A_")).map((name) => path.basename(name)), [
        "S2A_1.SAFE.zip",
      ]);
      const { code, stderr } = await granary(["feed", "requeue", yaml]);
      assert.equal(code, 2);
      assert.match(stderr, /--dead, --failed, --notices, --day, --id/);
    } finally {
      await service.close();
    }
  },
});
