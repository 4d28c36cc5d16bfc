import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { compileLater, compileLaterAtFirst } from "../../../core/compile_later.ts";

const ROOT = path.resolve(import.meta.dirname!, "../../..");
const BUN = path.join(ROOT, "node_modules/.bin/bun");

Deno.test("a runtime that can be told is told to compile later, another is left alone", () => {
  const scales: number[] = [];
  compileLater({ setJITPolicy: (scale) => void scales.push(scale) });
  assert.equal(scales.length, 1);
  assert.ok(scales[0] > 1);
  compileLater();
});

Deno.test("a thread that has lived for a while is told to compile sooner", async () => {
  const scales: number[] = [];
  compileLaterAtFirst({ setJITPolicy: (scale) => void scales.push(scale) });
  assert.equal(scales.length, 1);
  for (let i = 0; i < 2000 && scales.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(scales.length, 2);
  assert.ok(scales[1] < scales[0]);
  compileLaterAtFirst();
});

Deno.test({
  name: "the runtime of the binary takes what it is told",
  ignore: !fs.existsSync(BUN),
  fn() {
    const program = `let told = 0;
      const { setJITPolicy } = Bun.unsafe;
      Bun.unsafe.setJITPolicy = (scale) => { setJITPolicy(scale); told += 1; };
      (await import("./core/compile_later.ts")).compileLater();
      console.log(told);`;
    const told = execFileSync(BUN, ["-e", program], { cwd: ROOT, encoding: "utf8" });
    assert.equal(told.trim(), "1");
  },
});
