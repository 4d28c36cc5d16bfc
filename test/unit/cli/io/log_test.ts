// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createLog, type LogOptions, type WritableLog } from "../../../../cli/io/log.ts";

/** What a log wrote. */
function written(options: LogOptions, run: (log: WritableLog) => void): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-log-"));
  const file = path.join(folder, "log");
  const fd = fs.openSync(file, "w");
  try {
    run(createLog({ ...options, fd }));
    return fs.readFileSync(file, "utf8");
  } finally {
    fs.closeSync(fd);
    fs.rmSync(folder, { recursive: true });
  }
}

Deno.test("a hushed log keeps warnings and errors", () => {
  const text = written({ env: {}, terminal: false }, (log) => {
    log.quiet = true;
    log.info("note");
    log.progress("p", 1, "x").end();
    log.warn("careful");
    log.error("broken");
  });
  assert.equal(text, "granary: warning: careful\ngranary: broken\n");
});

Deno.test("colour is for terminals, and NO_COLOR takes it away", () => {
  const say = (log: WritableLog) => log.error("x");
  assert.match(written({ env: {}, terminal: true }, say), /\x1b\[31m/);
  assert.equal(written({ env: { NO_COLOR: "1" }, terminal: true }, say), "granary: x\n");
  assert.equal(written({ env: { TERM: "dumb" }, terminal: true }, say), "granary: x\n");
  assert.equal(written({ env: {}, terminal: false }, say), "granary: x\n");
});

Deno.test("a message clears the progress line that stands before it", () => {
  const text = written({ env: { NO_COLOR: "1" }, terminal: true }, (log) => {
    log.progress("p", 10, "x").update(5);
    log.info("hello");
    log.settle();
  });
  assert.match(text, /\r\x1b\[Khello\n$/);
});

Deno.test("what a terminal would obey is shown, not sent: words of a message may come from a file", () => {
  const text = written({ env: { NO_COLOR: "1" }, terminal: true }, (log) => {
    log.info("a\x1b[2Jb");
    log.warn("bell\x07 and \x9b1m\nsecond\tline é");
    log.error("\r\x00");
  });
  assert.equal(
    text,
    "a\\x1b[2Jb\ngranary: warning: bell\\x07 and \\x9b1m\nsecond\tline é\ngranary: \\x0d\\x00\n",
  );
});
