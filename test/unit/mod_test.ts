/** The library's public surface: what it exports, of what kind, and that each is described. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import * as granary from "../../mod.ts";

const ROOT = path.resolve(import.meta.dirname!, "../..");

/** Changed on purpose only: a name that goes or changes its kind breaks somebody's program. */
const SURFACE: Readonly<Record<string, string>> = JSON.parse(
  fs.readFileSync(path.join(import.meta.dirname!, "mod_surface.json"), "utf8"),
);

interface Exported {
  name: string;
  from: string;
  isType: boolean;
}

/** The names that mod.ts exports, by its own text: types leave no trace at run time. */
function exported(): Exported[] {
  const text = fs.readFileSync(path.join(ROOT, "mod.ts"), "utf8");
  return [...text.matchAll(/^export (type )?\{([^}]*)\} from "([^"]+)";/gm)].flatMap(
    ([, allTypes, names, from]) =>
      names.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => ({
        name: name.replace(/^type /, ""),
        from: from,
        isType: allTypes !== undefined || name.startsWith("type "),
      })),
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== "function") return "constant";
  return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
}

Deno.test("the public surface is what it was: names and kinds", () => {
  const values = Object.entries(granary).map(([name, value]) => [name, kindOf(value)]);
  const types = exported().filter(({ isType }) => isType).map(({ name }) => [name, "type"]);
  const found = Object.fromEntries([...values, ...types].sort(([a], [b]) => a < b ? -1 : 1));
  assert.deepEqual(found, SURFACE);
});

Deno.test("every exported function and class has a comment that says what it is for", () => {
  const bare = exported().filter(({ isType }) => !isType).filter(({ name, from }) => {
    const text = fs.readFileSync(path.join(ROOT, from), "utf8");
    const declared = new RegExp(
      `\\*/\\nexport (async )?(function\\*?|class|const) ${name}\\b`,
    );
    return !declared.test(text);
  });
  assert.deepEqual(bare.map(({ name }) => name), []);
});
