import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { GranaryError } from "../../../core/errors.ts";
import { dollarsFor, LIST_PRICES, priced, pricesText } from "../../../runs/prices.ts";
import { readPrices } from "../../../runs/read_prices.ts";

function withFile(text: string, run: (env: Record<string, string>) => void): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-prices-"));
  try {
    const file = path.join(folder, "prices.yaml");
    fs.writeFileSync(file, text);
    run({ GRANARY_PRICES: file });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const OWN = `
region: eu-central-1
date: 2026-11-01
source: our contract
lambda_gigabyte_second: {arm64: 0.00002, x86_64: 0.00003}
lambda_request: 0.0000004
s3_get: 0
`;

Deno.test("without a file list prices hold, and say what they are", () => {
  assert.equal(readPrices({}), LIST_PRICES);
  assert.equal(readPrices({ GRANARY_PRICES: "" }), LIST_PRICES);
  assert.match(pricesText(LIST_PRICES), /^Amazon's list prices, us-west-2.*, 2026$/);
  // 1,000 seconds of 2 GB, 50 calls, 1,000,000 GET requests, by hand.
  const work = { gigabyteSeconds: 2000, architecture: "arm64" as const, calls: 50, gets: 1e6 };
  assert.ok(Math.abs(dollarsFor(work, LIST_PRICES)! - (0.0266668 + 0.00001 + 0.4)) < 1e-9);
});

Deno.test("a file's prices hold in place of all of them", () =>
  withFile(OWN, (env) => {
    const prices = readPrices(env);
    assert.equal(pricesText(prices), "our contract, eu-central-1, 2026-11-01");
    const bill = { invocations: 10, retried: 0, coldStarts: 0, billedSeconds: 5, gigabyteSeconds: 100 };
    const { dollars, prices: told } = priced(bill, prices);
    assert.ok(Math.abs(dollars! - (0.003 + 0.000004)) < 1e-12);
    assert.equal(told, pricesText(prices));
  }));

Deno.test("a price that a file does not give is not known, and what needs it is not either", () =>
  withFile("region: nowhere\ndate: today\nsource: nobody\nlambda_request: 0.1\n", (env) => {
    const prices = readPrices(env);
    const work = { gigabyteSeconds: 0, architecture: "x86_64" as const, calls: 3, gets: 0 };
    assert.ok(Math.abs(dollarsFor(work, prices)! - 0.3) < 1e-12);
    assert.equal(dollarsFor({ ...work, gets: 1 }, prices), null);
    assert.equal(dollarsFor({ ...work, gigabyteSeconds: 1 }, prices), null);
  }));

Deno.test("a file of prices that is not one is refused with the place", () => {
  for (
    const [text, says] of [
      ["region: a\ndate: b\n", /source/],
      [OWN.replace("s3_get: 0", "s3_get: -1"), /prices\.yaml:7:9: s3_get/],
      [OWN.replace("s3_get", "s3_gets"), /prices\.yaml:7:1.*s3_gets/],
      [OWN.replace("0.0000004", "cheap"), /prices\.yaml:6:17: lambda_request/],
      ["[]", /prices\.yaml/],
      ["a: [", /prices\.yaml/],
    ] as const
  ) {
    withFile(text, (env) =>
      assert.throws(() => readPrices(env), (error) => {
        assert.ok(error instanceof GranaryError && error.tag === "input", String(error));
        assert.match(error.message, says);
        return true;
      }));
  }
  assert.throws(
    () => readPrices({ GRANARY_PRICES: "/nowhere/p.yaml" }),
    /there is no such file \(GRANARY_PRICES/,
  );
});
