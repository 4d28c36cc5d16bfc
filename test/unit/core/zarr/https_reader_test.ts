import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import type { AddressInfo } from "node:net";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { cellRows } from "../../../../core/store/cell_rows.ts";
import { openStore } from "../../../../core/store/open.ts";
import { httpsReader } from "../../../../core/zarr/https_reader.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

/** A plain file server, with or without ranges. */
async function served(folder: string, ranges: boolean, body: (address: string) => Promise<void>) {
  const server = http.createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const file = path.join(folder, decodeURIComponent(pathname.replace(/^\/s/, "")));
    if (search !== "?key=1" || !fs.existsSync(file) || !fs.statSync(file).isFile()) {
      response.writeHead(404).end("none");
      return;
    }
    const bytes = fs.readFileSync(file);
    const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
    if (!ranges || match === null) {
      response.writeHead(200, { "content-length": bytes.length }).end(bytes);
      return;
    }
    const from = match[1] === "" ? bytes.length - Number(match[2]) : Number(match[1]);
    const to = match[1] === "" ? bytes.length - 1 : Math.min(Number(match[2]), bytes.length - 1);
    response.writeHead(206, { "content-range": `bytes ${from}-${to}/${bytes.length}` })
      .end(bytes.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/s/?key=1`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

for (const ranges of [true, false]) {
  Deno.test({
    name: `a store behind a web server ${ranges ? "with" : "without"} ranges gives its cells`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-https-"));
      try {
        for (const layout of ["compact", "sphere"] as const) {
          const spec = fixtureSpec(layout);
          fs.rmSync(folder, { recursive: true });
          fs.mkdirSync(folder);
          await writeFixture(spec, new FolderTarget(folder));
          await served(folder, ranges, async (address) => {
            const store = await openStore(httpsReader(address, new SourceOpener({ env: {} })));
            const order = layout === "sphere" ? 2 : 6;
            const level = store.level(order);
            const ids: number[] = [];
            for await (const rows of cellRows(store, level, level.variables)) {
              ids.push(...[...rows.ids].map(Number));
            }
            assert.deepEqual(ids, fixtureIds(spec, order));
            await assert.rejects(store.reader.list(""), /does not list/);
          });
        }
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    },
  });
}
