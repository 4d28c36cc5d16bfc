/**
 * The golden granules as providers have them: behind Earthdata's data host, and in S3 buckets with a
 * credential endpoint for each product; and catalogs that point there.
 */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { type EarthdataWorld, startEarthdata } from "./earthdata.ts";
import { type FakeS3, startFakeS3 } from "./s3_fake.ts";

export interface RemoteWorld {
  earthdata: EarthdataWorld;
  s3: FakeS3;
  /** For the binary: where the servers are, and a token. */
  env: Record<string, string>;
  /** Bases of a product's granules at the three servers. */
  bases(product: string): Pick<GranuleRow, "https_base" | "s3_base" | "s3_credentials">;
  /** Throws if `text` shows anything that is secret. */
  assertClean(what: string, text: string): void;
  stop(): Promise<void>;
}

export const TOKEN = "token-of-this-test";

/** Starts the servers; every file of `folder` is served for every product of `products`. */
export async function startRemoteWorld(
  files: readonly string[],
  products: readonly string[],
): Promise<RemoteWorld> {
  const earthdata = await startEarthdata();
  const s3 = await startFakeS3();
  earthdata.tokens.add(TOKEN);
  earthdata.secrets.add(TOKEN);
  for (const file of files) {
    const bytes = new Uint8Array(fs.readFileSync(file));
    for (const product of products) {
      earthdata.files.set(`/data/${product}/${path.basename(file)}`, bytes);
      s3.objects.set(`${product}-bucket/granules/${path.basename(file)}`, bytes);
    }
  }
  const issue = earthdata.issued.push.bind(earthdata.issued);
  earthdata.issued.push = (...issued) => {
    for (const { product, accessKeyId } of issued) {
      const bucket = `${product}-bucket`;
      s3.readers.set(bucket, (s3.readers.get(bucket) ?? new Set()).add(accessKeyId));
    }
    return issue(...issued);
  };
  return {
    earthdata,
    s3,
    env: {
      ...earthdata.env,
      EARTHDATA_TOKEN: TOKEN,
      AWS_ENDPOINT_URL_S3: s3.server.url,
      AWS_REGION: "us-west-2",
      GRANARY_HTTP_TIMEOUT: "2",
    },
    bases: (product) => ({
      https_base: earthdata.fileUrl(`/data/${product}/`),
      s3_base: `s3://${product}-bucket/granules/`,
      s3_credentials: earthdata.endpoint(product),
    }),
    assertClean: (what, text) => {
      for (const secret of earthdata.secrets) {
        if (text.includes(secret)) throw new Error(`${what} shows the secret ${secret}`);
      }
    },
    stop: async () => {
      await earthdata.stop();
      await s3.stop();
    },
  };
}

/** A copy of a catalog whose rows are changed one by one. */
export async function changeCatalog(
  input: string,
  output: string,
  change: (row: GranuleRow, index: number) => Partial<GranuleRow>,
): Promise<void> {
  const catalog = await openCatalog(input);
  const rows: GranuleRow[] = [];
  try {
    for await (const chunk of catalog.rows()) {
      for (const row of chunk.rows) rows.push({ ...row, ...change(row, rows.length) });
    }
    await writeCatalog(output, rows, {
      cellOrder: catalog.metadata.cell_order,
      queries: catalog.metadata.queries,
    });
  } finally {
    catalog.close();
  }
}

/** The digest of every file below a folder, by its name. */
export function treeDigests(folder: string): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    digests[path.relative(folder, file)] = crypto.createHash("sha256").update(fs.readFileSync(file)).digest(
      "hex",
    );
  }
  return digests;
}

/** All bytes below a folder as text, for a search for secrets; names too. */
export function treeText(folder: string): string {
  let text = "";
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    text += `${file}\n`;
    if (entry.isFile()) text += fs.readFileSync(file, "latin1");
  }
  return text;
}
