import assert from "node:assert/strict";
import {
  defaultHttpIo,
  requestText,
  stacAuthorization,
} from "../../../../../catalog/discover/draft/http_text.ts";
import { GranaryError } from "../../../../../core/errors.ts";
import { startServer } from "../../../../support/http_server.ts";

Deno.test("the environment says how often a request of a source is sent", async () => {
  const server = await startServer(() => ({ status: 503, body: "busy" }));
  try {
    for (const attempts of [1, 2]) {
      const before = server.asked.length;
      const io = defaultHttpIo(undefined, { GRANARY_HTTP_ATTEMPTS: String(attempts) });
      await assert.rejects(requestText(io, { url: `${server.url}/search`, asked: "it" }), /503/);
      assert.equal(server.asked.length - before, attempts);
    }
    assert.throws(() => defaultHttpIo(undefined, { GRANARY_HTTP_ATTEMPTS: "none" }), /GRANARY_HTTP_ATTEMPTS/);
  } finally {
    await server.close();
  }
});

Deno.test("a token goes to the server that is asked, and a refusal says where one can be given", async () => {
  const server = await startServer((asked) =>
    asked.headers.authorization === "Bearer t0ken" ? { body: "[]" } : { status: 401, body: "who?" }
  );
  try {
    const request = { url: `${server.url}/search`, asked: "it" };
    const io = { ...defaultHttpIo(undefined, {}), loginHint: "the token goes into X" };
    await assert.rejects(requestText(io, request), (error: unknown) => {
      assert.ok(error instanceof GranaryError && error.tag === "credential");
      assert.match(error.message, /the token goes into X/);
      return true;
    });
    const authorization = stacAuthorization({ GRANARY_STAC_TOKEN: " t0ken\n" });
    assert.equal((await requestText({ ...io, authorization }, request)).text, "[]");
    assert.equal(stacAuthorization({}), undefined);
    assert.throws(() => stacAuthorization({ GRANARY_STAC_TOKEN: "two words" }), (error: Error) => {
      assert.doesNotMatch(error.message, /two words/);
      return true;
    });
  } finally {
    await server.close();
  }
});
