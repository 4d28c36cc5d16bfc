import assert from "node:assert/strict";
import { readJson } from "../../../serve/http/body.ts";
import { Problem } from "../../../serve/http/problem.ts";

const posted = (body: BodyInit) =>
  new Request("http://127.0.0.1/statistics", { method: "POST", body, duplex: "half" } as RequestInit);

Deno.test("a body of which more and more is to come is refused when it has taken too long", async () => {
  let isCancelled = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const drip = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new Uint8Array([32])), 2);
    },
    cancel() {
      isCancelled = true;
      clearInterval(timer);
    },
  });
  await assert.rejects(readJson(posted(drip), 1_000_000, new AbortController().signal, 40), (error) => {
    assert.ok(error instanceof Problem);
    assert.equal(error.status, 408);
    return true;
  });
  assert.ok(isCancelled);
});

Deno.test("a body in time is read, and leaves nothing that waits", async () => {
  const { signal } = new AbortController();
  assert.deepEqual(await readJson(posted('{"a": [1, 2]}'), 100, signal), { a: [1, 2] });
  await assert.rejects(
    readJson(posted("{"), 100, signal),
    (error) => error instanceof Problem && error.status === 422,
  );
  await assert.rejects(
    readJson(posted("[".repeat(200)), 100, signal),
    (error) => error instanceof Problem && error.status === 413,
  );
});
