/** Which operation answers a path. */
import assert from "node:assert/strict";
import { PatternRouter } from "../../../serve/http/pattern_router.ts";

Deno.test("the first pattern that fits a method and a path answers, and no other", () => {
  const router = new PatternRouter<string>();
  router.add("OPTIONS", "/*", "preflight");
  router.add("GET", "/tiles/{z}/{x}/{y}.{format}", "image");
  router.add("GET", "/tiles/{z}/{x}/{y}", "tile");
  router.add("POST", "/tiles/{z}/{x}/{y}", "posted");
  router.add("GET", "/zarr/{name}/{rest*}", "object");
  router.add("GET", "/a.b", "dotted");
  const found = (method: string, path: string) => router.match(method, path)[0].map(([handler]) => handler);
  assert.deepEqual(found("GET", "/tiles/1/2/3.png"), ["image"]);
  assert.deepEqual(found("GET", "/tiles/1/2/3"), ["tile"]);
  assert.deepEqual(found("POST", "/tiles/1/2/3.png"), ["posted"]);
  assert.deepEqual(found("OPTIONS", "/anything/at all"), ["preflight"]);
  assert.deepEqual(found("GET", "/zarr/ice/12/h_mean/c/0"), ["object"]);
  assert.deepEqual(found("GET", "/a.b"), ["dotted"]);
  for (const path of ["/axb", "/tiles/1/2", "/tiles/1/2/3/", "/zarr/ice/", "/"]) {
    assert.deepEqual(found("GET", path), [], path);
  }
});
