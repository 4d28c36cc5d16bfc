/** Downloads from a server that goes wrong in every way that one can. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Deadline } from "../../../../feed/follow/deadline.ts";
import { taskCounts } from "../../../../feed/ledger/tasks.ts";
import { downloadDue, type DownloadOptions } from "../../../../feed/queue/download.ts";
import { startFileArchive } from "../../../support/file_archive.ts";
import { feedOfFiles } from "../../../support/queued_files.ts";
import { withFolder } from "../../catalog/sample.ts";

const COUNT = 6;
/** Some chunks and a rest. */
const BYTES = 17 * 1024 * 1024 + 123;

Deno.test("cuts, 503s, wrong ranges and a changed file: what stands under its name is whole and right", async () => {
  await withFolder(async (folder) => {
    const { server, files } = await startFileArchive(COUNT, BYTES, true);
    const { feed } = await feedOfFiles(folder, files, BYTES);
    const to = path.join(folder, "files");
    const wrong: string[] = [];
    const look = () => {
      for (const name of fs.existsSync(to) ? fs.readdirSync(to) : []) {
        const index = /^(\d+)\.bin$/.exec(name)?.[1];
        if (index === undefined) continue;
        const md5 = crypto.createHash("md5").update(fs.readFileSync(path.join(to, name))).digest("hex");
        if (md5 !== files[Number(index)].md5) wrong.push(name);
      }
    };
    const options: DownloadOptions = {
      to,
      files: 3,
      attempts: 10,
      env: { HOME: folder },
      signal: new AbortController().signal,
      deadline: new Deadline(Infinity),
      onNote: () => {},
      retry: { attempts: 2, baseMs: 1, capMs: 2 },
    };
    try {
      let fetched = 0;
      for (let round = 0; round < 10 && fetched < COUNT; round++) {
        fetched += (await downloadDue(feed, options)).files;
        look();
        await feed.engine.transaction((sql) => sql.all("UPDATE task SET due = 0 WHERE state = 'waiting'"));
      }
      assert.deepEqual(wrong, []);
      const { done, dead } = await feed.engine.transaction((sql) => taskCounts(sql, "files"));
      assert.deepEqual([done, dead, fetched], [COUNT, 0, COUNT]);
      assert.deepEqual(fs.readdirSync(to).sort(), files.map((_, index) => `${index}.bin`));
      assert.ok(server.faults.served > 8, `${server.faults.served} faults`);
    } finally {
      await feed.engine.close();
      await server.stop();
    }
  });
});
