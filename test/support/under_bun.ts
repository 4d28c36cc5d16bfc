/**
 * Runs test files in Bun, which makes the binary: `bun test/support/under_bun.ts FILE…`. Tests are those that
 * the files register with Deno.test; a line for each that failed, then the count.
 */
import process from "node:process";

type Test = () => void | Promise<void>;
type Definition = { name: string; ignore?: boolean; fn: Test };

const tests: { name: string; fn: Test }[] = [];
Object.assign(globalThis, {
  Deno: {
    test: (first: string | Definition, fn?: Test) => {
      if (typeof first === "string") tests.push({ name: first, fn: fn! });
      else if (!first.ignore) tests.push(first);
    },
  },
});

for (const file of process.argv.slice(2)) await import(file);
let failed = 0;
for (const { name, fn } of tests) {
  try {
    await fn();
  } catch (error) {
    failed += 1;
    console.log(`failed: ${name}\n${(error as Error)?.stack ?? error}`);
  }
}
console.log(`${tests.length - failed} of ${tests.length} passed`);
process.exitCode = failed === 0 ? 0 : 1;
