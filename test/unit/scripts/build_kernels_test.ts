import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { KERNEL_CODE, kernelCode } from "../../../scripts/build_kernels.ts";

const root = path.resolve(import.meta.dirname!, "../../..");

Deno.test("the kernels that are kept as text are those of their sources", async () => {
  assert.equal(fs.readFileSync(path.join(root, KERNEL_CODE), "utf8"), await kernelCode(root));
});
