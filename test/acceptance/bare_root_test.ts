/**
 * The binary in a root of its own: besides it only the libraries that the loader names, and what the kernel gives every
 * container (/dev, /proc). There is no shell, no Node and no other program.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { isRoot, placedBinary, temporaryFolder } from "../support/binary.ts";

/** Where the loader finds the libraries of `file`, itself among them. */
function librariesOf(file: string): string[] {
  const { stdout } = spawnSync("ldd", [file], { encoding: "utf8" });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, name]) => name);
}

/** DuckDB's library needs this one besides; the program itself does not. */
const CPP = ["/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib/aarch64-linux-gnu/libstdc++.so.6"];

/** Runs a program in a root, within a mount namespace that ends with it. */
const IN_ROOT = 'mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" && exec chroot "$@"';
const canMount = isRoot && spawnSync("unshare", ["--mount", "true"]).status === 0;

Deno.test({
  name: "the demo runs where there is nothing but the binary and the system's libraries",
  ignore: process.platform !== "linux" || !canMount || spawnSync("ldd", ["--version"]).status !== 0,
  fn: () => {
    const root = temporaryFolder("granary-root-");
    const cpp = CPP.filter((file) => fs.existsSync(file));
    const libraries = new Set([placedBinary(), ...cpp].flatMap(librariesOf).concat(cpp));
    for (const file of libraries) {
      fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
      fs.copyFileSync(fs.realpathSync(file), path.join(root, file));
    }
    fs.chmodSync(root, 0o755);
    for (const name of ["dev", "proc", "tmp"]) fs.mkdirSync(path.join(root, name));
    fs.linkSync(placedBinary(), path.join(root, "granary"));
    const inRoot = (...args: string[]) => {
      const done = spawnSync("unshare", ["--mount", "sh", "-c", IN_ROOT, "sh", root, "/granary", ...args], {
        env: { HOME: "/tmp", TMPDIR: "/tmp", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        encoding: "utf8",
        timeout: 120_000,
      });
      assert.equal(done.status, 0, `${args.join(" ")}: ${done.error?.message ?? ""}${done.stderr}`);
      return done.stdout;
    };
    inRoot("demo", "/tmp/demo", "--granules", "2", "--quiet");
    const sql = "select count(*)::int as granules from granules";
    const told = inRoot("catalog", "sql", "/tmp/demo/catalog.parquet", sql, "--format", "json");
    assert.deepEqual(JSON.parse(told), [{ granules: 2 }]);
    const made = fs.readdirSync(path.join(root, "tmp", "demo"));
    assert.ok(made.some((name) => name.endsWith(".png")), made.join());
  },
});
