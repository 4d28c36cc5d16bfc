import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { azureAccount, azureAddress, sharedKey } from "../../../../core/access/azure_account.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { safeName } from "../../../../core/access/redact.ts";
import { parseObjectUrl } from "../../../../core/access/s3_address.ts";
import { openTarget } from "../../../../core/access/targets.ts";
import { Loopback } from "../../../support/loopback.ts";

const KEY = Buffer.from("a key of thirty-two bytes, or so").toString("base64");
const SAS = "sv=2021-08-06&ss=b&sig=c2VjcmV0";

Deno.test("an account is named by a connection string, or by its parts, as Azure's tools name them", () => {
  const of = (env: Record<string, string>) => {
    const { name, endpoint, signature, key, origin } = azureAccount(env);
    return [name, endpoint, signature, key && Buffer.from(key).toString("base64"), origin];
  };
  const home = "https://ice.blob.core.windows.net";
  assert.deepEqual(of({ AZURE_STORAGE_ACCOUNT: "ice" }), ["ice", home, undefined, undefined, "nowhere"]);
  assert.deepEqual(of({ AZURE_STORAGE_ACCOUNT: "ice", AZURE_STORAGE_KEY: KEY }), [
    "ice",
    home,
    undefined,
    KEY,
    "AZURE_STORAGE_KEY",
  ]);
  // A signature allows less, so it goes before the key.
  assert.deepEqual(
    of({ AZURE_STORAGE_ACCOUNT: "ice", AZURE_STORAGE_KEY: KEY, AZURE_STORAGE_SAS_TOKEN: `?${SAS}` }),
    ["ice", home, SAS, undefined, "AZURE_STORAGE_SAS_TOKEN"],
  );
  const from = "AZURE_STORAGE_CONNECTION_STRING";
  assert.deepEqual(of({ [from]: `DefaultEndpointsProtocol=https;AccountName=ice;AccountKey=${KEY}` }), [
    "ice",
    home,
    undefined,
    KEY,
    from,
  ]);
  assert.deepEqual(of({ [from]: `BlobEndpoint=https://ice.example.org/;SharedAccessSignature=${SAS}` }), [
    "ice",
    "https://ice.example.org",
    SAS,
    undefined,
    from,
  ]);
  for (
    const [env, expected] of [
      [{}, /AZURE_STORAGE_ACCOUNT/],
      [{ [from]: "AccountKey=x" }, /names no account/],
      [{ AZURE_STORAGE_ACCOUNT: "Ice_1" }, /3 to 24 small letters/],
      [
        { AZURE_STORAGE_ACCOUNT: "ice", AZURE_STORAGE_KEY: "not base64, but a secret" },
        /AZURE_STORAGE_KEY: the account's key is not/,
      ],
      [{ AZURE_STORAGE_ACCOUNT: "ice", AZURE_STORAGE_SERVICE_ENDPOINT: "ice" }, /no address/],
    ] as const
  ) {
    assert.throws(() => azureAccount(env), (error) => {
      assert.match((error as Error).message, expected);
      assert.doesNotMatch((error as Error).message, /secret/);
      return true;
    });
  }
});

Deno.test("neither signature nor key go to another host than the account's", () => {
  const env = { AZURE_STORAGE_ACCOUNT: "ice", AZURE_STORAGE_SAS_TOKEN: SAS };
  const elsewhere = azureAccount(env, { endpoint: "https://other.blob.core.windows.net" });
  assert.deepEqual([elsewhere.signature, elsewhere.key], [undefined, undefined]);
  const unsigned = azureAccount(env, { access: "unsigned" });
  assert.deepEqual([unsigned.signature, unsigned.endpoint], [undefined, "https://ice.blob.core.windows.net"]);
  assert.equal(azureAccount(env, { endpoint: "https://ice.blob.core.windows.net/" }).signature, SAS);
});

Deno.test("a request is signed with the account's key as an independent computation signs it", () => {
  // Computed by Python's hmac from the string that "Authorize with Shared Key" describes.
  const url = new URL("https://ice.blob.core.windows.net/box/a%20b/c?comp=block&blockid=QQ%3D%3D");
  const headers = {
    "content-type": "application/octet-stream",
    "if-none-match": "*",
    "x-ms-version": "2021-08-06",
    "x-ms-date": "Thu, 26 Nov 2026 08:00:00 GMT",
  };
  const account = { name: "ice", key: Buffer.from(KEY, "base64") };
  assert.equal(
    sharedKey(account, "PUT", url, headers, 3),
    "SharedKey ice:mJkNpsMHmlSpck0FpyDq7SwGFM/QkNlbNdNfMnWBnwc=",
  );
});

Deno.test("an address with a signature is refused, and neither shown nor sent", () => {
  const address = "az://box/c.parquet?sv=1&sig=c2VjcmV0";
  assert.equal(safeName(address), "az://box/c.parquet");
  assert.throws(
    () => parseObjectUrl(address),
    (error) => /AZURE_STORAGE_SAS_TOKEN/.test(`${error}`) && !/c2VjcmV0/.test(`${(error as Error).stack}`),
  );
});

Deno.test("blobs are listed page by page, folders of hierarchical accounts left out", async () => {
  const page = (blobs: string, marker: string) =>
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="box"><Blobs>${blobs}</Blobs>` +
    `<NextMarker>${marker}</NextMarker></EnumerationResults>`;
  const blob = (name: string, size: number, more = "") =>
    `<Blob><Name>${name}</Name><Properties><Last-Modified>Thu, 26 Nov 2026 08:00:00 GMT</Last-Modified>` +
    `<Etag>0x8D</Etag>${more}<Content-Length>${size}</Content-Length></Properties></Blob>`;
  const server = await Loopback.start((request, response) => {
    const { searchParams } = new URL(request.url!, "http://h");
    response.setHeader("content-type", "application/xml");
    response.end(
      searchParams.get("marker") === null
        ? page(
          blob("in/a&amp;b", 1) + blob("in/folder", 0, "<ResourceType>directory</ResourceType>"),
          "m=1&amp;2",
        )
        : page(blob("in/c", 2), ""),
    );
  });
  try {
    const opener = new SourceOpener({
      env: { AZURE_STORAGE_ACCOUNT: "ice", AZURE_STORAGE_SERVICE_ENDPOINT: server.url },
    });
    assert.deepEqual([...await openTarget("az://box/in", opener).sizes("")], [["a&b", 1], ["c", 2]]);
    assert.deepEqual(server.seen.map(({ url }) => new URL(url, "http://h").searchParams.get("marker")), [
      null,
      "m=1&2",
    ]);
  } finally {
    await server.stop();
  }
});

Deno.test("an https address at the environment's account is read with its signature, another is not", async () => {
  const bytes = new Uint8Array(1000).map((_, i) => i);
  const server = await Loopback.start((request, response) => {
    if (!request.url!.startsWith("/box/a%20b.tif?") || !request.url!.includes("sig=")) {
      response.writeHead(403);
      return void response.end();
    }
    server.sendFile(request, response, bytes);
  });
  const env = {
    AZURE_STORAGE_ACCOUNT: "ice",
    AZURE_STORAGE_SERVICE_ENDPOINT: server.url,
    AZURE_STORAGE_SAS_TOKEN: SAS,
  };
  const opener = new SourceOpener({ env, warn: () => {} });
  try {
    const source = await opener.open(`${server.url}/box/a%20b.tif`);
    assert.deepEqual(await source.read(10, 20), bytes.slice(10, 30));
    await source.close();
    assert.equal(azureAddress(env, `${server.url}/box/a%20b.tif`), "az://box/a b.tif");
    for (
      const other of [
        "http://other.example/box/a.tif",
        "https://ice.blob.core.windows.net/box/a",
        `${server.url}/box/a?sv=1`,
      ]
    ) {
      assert.equal(azureAddress(env, other), undefined, other);
    }
    const unsigned = { ...env, AZURE_STORAGE_SAS_TOKEN: "" };
    assert.equal(azureAddress(unsigned, `${server.url}/box/a.tif`), undefined);
    // A variable that names no account is told where an account is wanted.
    const emulator = { AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true" };
    assert.equal(azureAddress(emulator, "https://archive.example/a.h5"), undefined);
    assert.throws(() => azureAccount(emulator), /names no account/);
  } finally {
    await opener.close();
    await server.stop();
  }
});
