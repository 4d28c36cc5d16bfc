/** Azure's blob service by its emulator, which checks signatures: objects, whole runs, and what is never shown. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { discoverS3 } from "../../catalog/discover/discover.ts";
import { PART_BYTES } from "../../core/access/remote_target.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { GranaryError } from "../../core/errors.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { hasAzurite, startAzurite } from "../support/azurite.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { patternBytes } from "../support/loopback.ts";
import { changeCatalog, treeText } from "../support/remote_world.ts";

const openerOf = (env: Record<string, string>) =>
  new SourceOpener({ env, retry: { attempts: 3, baseMs: 5, capMs: 20 } });

Deno.test({
  name: "blobs are put, read by ranges, listed and deleted, and exclusive ones only where there is none",
  ignore: !hasAzurite,
  fn: async (t) => {
    const azurite = await startAzurite("box");
    const opener = openerOf(azurite.withKey);
    try {
      await t.step("whatever their names hold", async () => {
        const target = openTarget("az://box/stores/my store (1).zarr", opener);
        const keys = [
          "zarr.json",
          "12/h_mean/c/0",
          "12/h_mean/c/10",
          "12/a b+c/é~!*'()&=@:,;$",
          "2/x",
          "12/ü/%41",
        ];
        for (const [i, key] of keys.entries()) await target.put(key, patternBytes(100 + i));
        for (const [i, key] of keys.entries()) {
          const source = await target.open(key);
          assert.deepEqual(await source.read(10, 50), patternBytes(100 + i).slice(10, 60), key);
          assert.equal((await target.get(key))!.length, 100 + i);
        }
        const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        assert.deepEqual(await target.list(""), byBytes);
        assert.deepEqual(await target.list("12/h_mean/"), ["12/h_mean/c/0", "12/h_mean/c/10"]);
        assert.ok([...(await target.written("")).values()].every((at) => Math.abs(at - Date.now()) < 60_000));
        await target.delete("zarr.json");
        await target.delete("zarr.json");
        assert.equal(await target.get("zarr.json"), undefined);
      });
      await t.step("in blocks where they are large, and exclusively", async () => {
        const target = openTarget("az://box/x", opener);
        await target.put("empty", new Uint8Array(0));
        assert.deepEqual(await target.get("empty"), new Uint8Array(0));
        const large = patternBytes(PART_BYTES + 12_345);
        const chunks = async function* () {
          for (let at = 0; at < large.length; at += 5_000_001) yield large.subarray(at, at + 5_000_001);
        };
        assert.equal(await target.putNew("large", large), true);
        assert.equal(Buffer.compare((await target.get("large"))!, large), 0);
        assert.equal(await target.putNew("large", large), false);
        assert.equal(await target.putChunks("large", large.length, chunks(), { replace: false }), false);
        assert.equal(await target.putChunks("other", large.length, chunks(), { replace: false }), true);
        assert.equal(await target.putChunks("large", large.length, chunks(), { replace: true }), true);
        const many = Array.from({ length: 8 }, (_, i) => target.putNew("lease.1", new Uint8Array([i])));
        assert.equal((await Promise.all(many)).filter((won) => won).length, 1);
        const both = await Promise.all([1, 2].map(() => target.putNew("raced", large)));
        assert.ok(both.filter((won) => won).length <= 1, "two writers of blocks cannot both have written");
      });
      await t.step("as rows of a catalog", async () => {
        const prefixes = ["az://box/stores/"];
        const found = discoverS3({ prefixes, match: "*/12/h_mean/**" }, opener, { cellOrder: 8 });
        const rows = [];
        for await (const row of found.rows) rows.push(row.s3_base! + row.path);
        const below = "az://box/stores/my store (1).zarr/12/h_mean/c";
        assert.deepEqual(rows, [`${below}/0`, `${below}/10`]);
      });
      await t.step("and refusals say what to do, without the secret", async () => {
        const cases: [Record<string, string>, RegExp][] = [
          [
            azurite.withSignature("r", "2020-01-01T00:00:00Z"),
            /Azure answered 403.*AZURE_STORAGE_SAS_TOKEN gives may not/,
          ],
          [azurite.withNothing, /no key and no signature/],
          [{
            ...azurite.withNothing,
            AZURE_STORAGE_KEY: Buffer.from("wrong key of some account").toString("base64"),
          }, /403.*AZURE_STORAGE_KEY gives/],
          [{}, /az:\/\/ addresses need an account.*AZURE_STORAGE_ACCOUNT/],
        ];
        for (const [env, expected] of cases) {
          await assert.rejects(
            openTarget("az://box/x", openerOf(env)).put("a", new Uint8Array(1)),
            (error) => {
              assert.ok(error instanceof GranaryError);
              assert.equal(error.tag, "credential");
              assert.match(error.message, expected);
              const secrets = [
                env.AZURE_STORAGE_KEY,
                /sig=([^&]+)/.exec(env.AZURE_STORAGE_SAS_TOKEN ?? "")?.[1],
              ];
              for (const secret of secrets) assert.ok(!secret || !`${error.stack}`.includes(secret));
              return true;
            },
          );
        }
        await assert.rejects(openTarget("az://nobox/x", opener).get("a"), /no such bucket/);
        await assert.rejects(opener.open("az://box/missing"), /404 BlobNotFound: it is not there/);
      });
    } finally {
      await azurite.stop();
    }
  },
});

Deno.test({
  name: "granules in Azure become a store in Azure by a signature alone, with the bytes of a local run",
  ignore: !hasAzurite || !hasSharedData,
  fn: async () => {
    const folder = temporaryFolder("granary-azure-");
    const golden = fs.readdirSync(sharedData("atl06")).filter((name) => /_002_01\.h5$/.test(name)).slice(0, 2)
      .map((name) => sharedData(`atl06/${name}`));
    const azurite = await startAzurite("granules", "out");
    try {
      const env = azurite.withSignature("rwdlac");
      const secret = /sig=([^&]+)/.exec(env.AZURE_STORAGE_SAS_TOKEN)![1];
      let shown = "";
      const run = async (...args: string[]) => {
        const ended = await granary(args, { cwd: folder, env });
        shown += ended.stdout + ended.stderr;
        assert.equal(ended.code, 0, ended.stderr);
        return ended.stdout;
      };
      const opener = openerOf(azurite.withKey);
      const source = openTarget("az://granules/atl06 (006)", opener);
      for (const file of golden) await source.put(path.basename(file), new Uint8Array(fs.readFileSync(file)));
      await run("catalog", "build", "--from", "local", ...golden, "-c", "atl06", "-o", "local.parquet");
      await changeCatalog(path.join(folder, "local.parquet"), path.join(folder, "azure.parquet"), (row) => ({
        ...row,
        local_base: null,
        s3_base: "az://granules/atl06 (006)/",
        path: path.basename(row.path),
      }));
      await openTarget("az://out/", opener).put(
        "azure.parquet",
        new Uint8Array(fs.readFileSync(path.join(folder, "azure.parquet"))),
      );
      await run("aggregate", "-c", "atl06", "--catalog", "local.parquet", "-o", "local.zarr");
      const common = [
        "-c",
        "atl06",
        "--catalog",
        "az://out/azure.parquet",
        "-o",
        "az://out/ice.zarr",
        "--verbose",
      ];
      await run("aggregate", ...common);
      await run("aggregate", ...common, "--resume");
      await run("diff", "local.zarr", "az://out/ice.zarr");
      const count = ["select count(*) as n from cells", "--format", "csv"];
      assert.equal(await run("sql", "az://out/ice.zarr", ...count), await run("sql", "local.zarr", ...count));
      const grid = sharedData("omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5");
      await run("cog", `${grid}:**/ColumnAmountO3`, "-o", "az://out/cogs");
      const [cog] = await openTarget("az://out/cogs", opener).list("");
      await run("cog", "validate", `az://out/cogs/${cog}`);
      await openTarget("az://granules/omi", opener).put(
        "2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5",
        new Uint8Array(fs.readFileSync(grid)),
      );
      fs.writeFileSync(
        path.join(folder, "omi.yaml"),
        "dataset: OMTO3d.003\ndiscover: [{from: s3, prefix: az://granules/omi/, match: '**/*.he5'}]\n" +
          'convert: {variables: ["**/ColumnAmountO3"]}\npublish: [{to: az://out/omi}]\n',
      );
      fs.writeFileSync(
        path.join(folder, "feed.yaml"),
        "feed: omi\nsource: {from: s3, prefix: az://granules/omi/}\nfollow: {start: 2016-01-01}\n" +
          "catalog: {to: az://out/live}\n",
      );
      await run("publish", "run", "omi.yaml", "--run-dir", "az://out/omi.run");
      assert.deepEqual(
        (await openTarget("az://out/omi", opener).list("")).filter((key) => /tif|collection/.test(key))
          .length,
        2,
      );
      await run("feed", "run", "feed.yaml");
      await run("feed", "publish", "feed.yaml");
      assert.match(await run("catalog", "info", "az://out/live/"), /OMTO3d\.003 +s3 +1/);
      assert.ok(!fs.existsSync(path.join(folder, "az:")), "no folder of that name is made");
      const stored = openTarget("az://out/", opener);
      for (const key of await stored.list("")) {
        const text = Buffer.from((await stored.get(key))!).toString("latin1");
        assert.ok(!text.includes(secret) && !text.includes("sig="), key);
      }
      assert.ok(!shown.includes(secret) && !shown.includes("sig="), "nothing shows the signature");
      assert.ok(!treeText(folder).includes(secret));
    } finally {
      await azurite.stop();
    }
  },
});
