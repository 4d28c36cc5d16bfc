/** The memory of `granary cog` on one band of 10980 x 10980 cells, as the system counts it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { finish, startGranary, temporaryFolder } from "../support/binary.ts";

const SIDE = 10980;
/** Rows that the image repeats: more than deflate's window holds. */
const ROWS = 61;

const MOST_BYTES = 450e6;

/** A classic TIFF of one uncompressed strip: hills with a rough face. */
function writeScene(file: string): void {
  const rows = Uint16Array.from({ length: ROWS * SIDE }, (_, i) => {
    const x = i % SIDE, y = (i - x) / SIDE;
    return 9000 + 3000 * Math.sin(x / 90) * Math.cos(y / 7) + (x * 31 + y * 17 + x * y) % 23;
  });
  const bytes = new Uint8Array(rows.buffer);
  const dataBytes = SIDE * SIDE * 2;
  const doubles = [10, 10, 0, 0, 0, 0, 600000, 5300040, 0];
  const keys = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633];
  const directoryAt = 8 + dataBytes;
  const fields: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, SIDE],
    [257, 4, 1, SIDE],
    [258, 3, 1, 16],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [277, 3, 1, 1],
    [278, 4, 1, SIDE],
    [279, 4, 1, dataBytes],
  ];
  const after = directoryAt + 2 + (fields.length + 3) * 12 + 4;
  fields.push([33550, 12, 3, after], [33922, 12, 6, after + 24], [34735, 3, keys.length, after + 72]);
  const tail = new DataView(new ArrayBuffer(after + 72 + keys.length * 2 - directoryAt));
  tail.setUint16(0, fields.length, true);
  fields.forEach(([tag, type, count, value], i) => {
    const at = 2 + i * 12;
    tail.setUint16(at, tag, true);
    tail.setUint16(at + 2, type, true);
    tail.setUint32(at + 4, count, true);
    tail.setUint32(at + 8, value, true);
  });
  doubles.forEach((value, i) => tail.setFloat64(after - directoryAt + i * 8, value, true));
  keys.forEach((value, i) => tail.setUint16(after + 72 - directoryAt + i * 2, value, true));
  const fd = fs.openSync(file, "w");
  try {
    const head = new Uint8Array([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
    new DataView(head.buffer).setUint32(4, directoryAt, true);
    fs.writeSync(fd, head);
    for (let done = 0; done < SIDE; done += ROWS) fs.writeSync(fd, bytes);
    fs.writeSync(fd, new Uint8Array(tail.buffer));
  } finally {
    fs.closeSync(fd);
  }
}

/** Runs granary, and looks at the most resident memory that it had until it ends, in bytes. */
async function peakOf(args: string[], cwd: string): Promise<{ code: number; stderr: string; peak: number }> {
  const child = startGranary(args, { cwd });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = fs.readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "ENOENT" && code !== "ESRCH") throw error; // it has ended
    }
  }, 20);
  try {
    return { ...await finish(child, { cwd }), peak };
  } finally {
    clearInterval(timer);
  }
}

Deno.test({
  name: "a band of 10980 x 10980 cells is converted in less than 450 MB",
  ignore: process.platform !== "linux",
  fn: async () => {
    const cwd = temporaryFolder("granary-cog-memory-");
    try {
      writeScene(path.join(cwd, "scene.tif"));
      const { code, stderr, peak } = await peakOf([
        "cog",
        "scene.tif",
        "-o",
        "out",
        "--compress",
        "deflate:1",
      ], cwd);
      assert.equal(code, 0, stderr);
      assert.ok(peak > 50e6 && peak < MOST_BYTES, `${(peak / 1e6).toFixed(0)} MB`);
      assert.ok(fs.statSync(path.join(cwd, "out/scene.tif")).size > 10e6);
    } finally {
      fs.rmSync(cwd, { recursive: true, force: true });
    }
  },
});
