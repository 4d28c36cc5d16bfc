import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { REQUIREMENTS } from "../../../cli/version.ts";
import { VERSION } from "../../../core/version.ts";
import { hostTarget, prepareTarget } from "../../../scripts/targets.ts";

const ROOT = path.resolve(import.meta.dirname!, "../../..");

/** The highest `PREFIX_x.y.z` among the symbol versions that an ELF file asks for. */
function highest(file: string, prefix: string): string {
  const found = new Set<string>();
  for (
    const match of fs.readFileSync(file, "latin1").matchAll(
      new RegExp(`\\b${prefix}_(\\d+(?:\\.\\d+)+)\\0`, "g"),
    )
  ) {
    found.add(match[1]);
  }
  const key = (version: string) => version.split(".").map((part) => part.padStart(6, "0")).join(".");
  return [...found].sort((a, b) => key(a) < key(b) ? -1 : 1).at(-1) ?? "none";
}

Deno.test({
  name: "the least glibc and libstdc++ are those that the native files ask for",
  ignore: !hostTarget().startsWith("linux-"),
  fn: () => {
    const target = hostTarget();
    const { bindings } = prepareTarget(ROOT, target);
    const library = path.join(bindings, "libduckdb.so"), addon = path.join(bindings, "duckdb.node");
    assert.equal(highest(library, "GLIBC"), REQUIREMENTS[target].glibc);
    assert.equal(`GLIBCXX_${highest(library, "GLIBCXX")}`, REQUIREMENTS[target].libstdcxx);
    // The addon and Bun's base ask for less.
    const base = fs.realpathSync(path.join(ROOT, "node_modules", ".bin", "bun"));
    for (const file of [addon, base]) {
      assert.ok(Number(highest(file, "GLIBC").split(".")[1]) <= 25, file);
    }
  },
});

Deno.test("the newest release in the changelog is the version", () => {
  const changelog = fs.readFileSync(path.join(ROOT, "CHANGELOG.md"), "utf8");
  assert.equal(/^## (\d\S*)/m.exec(changelog)?.[1], VERSION);
});
