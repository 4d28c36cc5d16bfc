import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { PAGE_FILES } from "../../../../serve/page/page_files.ts";

const CLIENT = path.resolve(import.meta.dirname!, "../../../../serve/page/client");

Deno.test("every script and style of the page is served, and scripts have no types left", async () => {
  for (const file of fs.readdirSync(CLIENT)) assert.ok(Object.hasOwn(PAGE_FILES, file), file);
  for (const [name, { text, type }] of Object.entries(PAGE_FILES)) {
    const served = await text();
    assert.ok(served.length > 100, name);
    if (!name.endsWith(".ts")) continue;
    assert.match(type, /^text\/javascript/);
    // A module's own syntax is not a function's: imports and exports go, what stays has to parse.
    const body = served.replace(/^\s*import [^;]+;/gm, "").replace(/^export /gm, "");
    assert.doesNotThrow(() => new Function(`return async () => {${body}\n}`), name);
  }
});

Deno.test("scripts ask for files that are served, and for nothing of another host", async () => {
  for (const [name, { text }] of Object.entries(PAGE_FILES)) {
    if (!name.endsWith(".ts")) continue;
    const served = await text();
    for (const [, target] of served.matchAll(/^import [^"]*"([^"]+)"/gm)) {
      assert.ok(Object.hasOwn(PAGE_FILES, target.replace("./", "")), `${name} imports ${target}`);
    }
    assert.doesNotMatch(served.replaceAll("http://www.w3.org/2000/svg", ""), /https?:\/\//, name);
    assert.doesNotMatch(served, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, name);
  }
});
