import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../../../../cli/io/context.ts";
import { showExchanges } from "../../../../cli/io/exchanges.ts";
import { HttpClient } from "../../../../core/access/http.ts";

Deno.test("--verbose says each exchange, without query and headers", async () => {
  const server = http.createServer((_, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const lines: string[] = [];
  showExchanges({ info: (line: string) => void lines.push(line) } as unknown as Log);
  const { port } = server.address() as AddressInfo;
  await new HttpClient().exchange({
    url: `http://127.0.0.1:${port}/file?token=secret`,
    headers: { range: "bytes=0-4" },
    secretHeaders: { authorization: "Bearer secret" },
    maxBytes: 100,
  });
  await new Promise((resolve) => server.close(resolve));
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^GET http:\/\/127\.0\.0\.1:\d+\/file.* bytes=0-4: 200 in \d+ ms$/);
  assert.doesNotMatch(lines[0], /secret/);
});
