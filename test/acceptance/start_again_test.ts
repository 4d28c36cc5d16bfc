/** The binary starts itself again for long work, as the same process. */
import assert from "node:assert/strict";
import fs from "node:fs";
import process from "node:process";
import { finish, shell, startShell } from "../support/binary.ts";
import { CLOSE_OTHERS } from "../support/descriptors.ts";

const OPTION = "BUN_JSC_useFTLJIT=0";

/** Whether a command that waits for its stdin was started again within so long, and what it said when that ended. */
async function started(
  args: string,
  seconds: number,
): Promise<{ isAgain: boolean; code: number; stderr: string }> {
  const program = startShell(`${CLOSE_OTHERS}; exec granary ${args}`);
  let isAgain = false;
  for (let i = 0; i < 50 * seconds && !isAgain; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    isAgain = fs.readFileSync(`/proc/${program.pid}/environ`, "utf8").split("\0").includes(OPTION);
  }
  const { code, stderr } = await finish(program, { input: "no catalog" });
  return { isAgain, code, stderr };
}

Deno.test({
  name: "an aggregate goes on in the process that it was started in, reads its stdin and fails as ever",
  ignore: process.platform !== "linux",
  async fn() {
    const { isAgain, code, stderr } = await started("aggregate -c atl06 --catalog - -o s.zarr", 30);
    assert.ok(isAgain);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^granary: [^\n]*stdin: is not a Parquet file[^\n]*\n$/);
  },
});

Deno.test({
  name: "a short command is started once",
  ignore: process.platform !== "linux",
  async fn() {
    const { isAgain, code, stderr } = await started("catalog info -", 2);
    assert.ok(!isAgain);
    assert.equal(code, 2, stderr);
  },
});

Deno.test({
  name: "an aggregate reads files that it is given open",
  ignore: process.platform !== "linux",
  async fn() {
    const line = `${CLOSE_OTHERS}; granary aggregate -c <(echo '{"x": 1}') --catalog c.parquet -o s.zarr`;
    const { code, stderr } = await shell(line);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /"data_source" is missing/);
  },
});
