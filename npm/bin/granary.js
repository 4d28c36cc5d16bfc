#!/usr/bin/env node
/** Starts the granary binary of this platform, which npm has installed as a package of its own. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import os from "node:os";
import process from "node:process";

const name = `granary-${process.platform}-${process.arch}`;
let binary;
try {
  binary = createRequire(import.meta.url).resolve(`${name}/bin/granary`);
} catch {
  console.error(
    `granary: ${name} is not installed: there is no binary for this platform ` +
      "(there are linux-x64, linux-arm64 with glibc, and darwin-arm64), or npm left out optional packages",
  );
  process.exit(1);
}
const child = spawn(binary, process.argv.slice(2), { stdio: "inherit" });
// The terminal interrupts both; a signal to this process alone is passed on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`granary: ${binary} does not start: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal] ?? 0)));
