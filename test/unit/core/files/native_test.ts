import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { zstdCompressSync } from "node:zlib";
import process from "node:process";
import { GranaryError } from "../../../../core/errors.ts";
import {
  cacheFolders,
  loadNativeAddon,
  type NativeFile,
  nativeFolderName,
} from "../../../../core/files/native.ts";

/** Two source files, as the binary would hold them. */
function sources(folder: string, text = "library"): NativeFile[] {
  return [["lib.so", `${text} ${"x".repeat(100_000)}`], ["addon.node", `addon of ${text}`]].map(
    ([name, body]) => {
      const source = path.join(folder, `source-${name}`);
      fs.writeFileSync(source, zstdCompressSync(body));
      return {
        name: name,
        source,
        sizeBytes: body.length,
        sha256: createHash("sha256").update(body).digest("hex"),
      };
    },
  );
}

function withFolder(run: (folder: string) => void): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-native-"));
  try {
    run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const at = (folder: string) => ({ path: folder, shared: false });
const reading = (file: string) => fs.readFileSync(file, "utf8");

Deno.test("cache folders are XDG_CACHE_HOME, HOME and TMPDIR in this order, relative ones left out", () => {
  const env = { XDG_CACHE_HOME: "/x", HOME: "/h", TMPDIR: "/t" };
  const user = process.getuid?.() ?? 0;
  assert.deepEqual(cacheFolders(env).map((folder) => folder.path), [
    path.join("/x", "granary"),
    path.join("/h", ".cache", "granary"),
    path.join("/t", `granary-${user}`),
    path.join("/tmp", `granary-${user}`),
  ]);
  assert.deepEqual(cacheFolders(env).map((folder) => folder.shared), [false, false, true, true]);
  assert.equal(cacheFolders({ XDG_CACHE_HOME: "relative", HOME: "", TMPDIR: "/t" })[0].shared, true);
});

Deno.test("files are unpacked whole, once, and the addon is opened beside its library", () =>
  withFolder((folder) => {
    const files = sources(folder);
    const cache = path.join(folder, "cache");
    const opened: string[] = [];
    const open = (file: string) => {
      opened.push(file);
      return reading(path.join(path.dirname(file), "lib.so")).length;
    };
    assert.equal(loadNativeAddon(files, "addon.node", { folders: [at(cache)], open }), files[0].sizeBytes);
    const written = path.join(cache, nativeFolderName(files));
    assert.deepEqual(fs.readdirSync(written).sort(), ["addon.node", "lib.so"]);
    // The second time nothing is read from the binary any more.
    for (const file of files) fs.rmSync(file.source);
    assert.equal(loadNativeAddon(files, "addon.node", { folders: [at(cache)], open }), files[0].sizeBytes);
    assert.deepEqual(opened, [path.join(written, "addon.node"), path.join(written, "addon.node")]);
  }));

Deno.test("other contents go to another folder", () =>
  withFolder((folder) => {
    const before = sources(folder), after = sources(folder, "newer");
    assert.notEqual(nativeFolderName(before), nativeFolderName(after));
  }));

Deno.test("a folder that cannot be written and one that cannot be loaded from are passed over", () =>
  withFolder((folder) => {
    const files = sources(folder);
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "");
    const noexec = path.join(folder, "noexec"), good = path.join(folder, "good");
    const open = (addon: string) => {
      if (addon.startsWith(noexec)) throw new Error("failed to map segment from shared object");
      return addon;
    };
    const folders = [at(path.join(file, "below")), at(noexec), at(good)];
    assert.equal(
      loadNativeAddon(files, "addon.node", { folders, open }),
      path.join(good, nativeFolderName(files), "addon.node"),
    );
  }));

Deno.test("when every folder fails, the message names each with its reason", () =>
  withFolder((folder) => {
    const files = sources(folder);
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "");
    const folders = [at(path.join(file, "below")), at(path.join(folder, "noexec"))];
    const open = () => {
      throw new Error("failed to map segment");
    };
    assert.throws(() => loadNativeAddon(files, "addon.node", { folders, open }), (error) => {
      assert.ok(error instanceof GranaryError);
      assert.equal(error.tag, "io");
      assert.match(error.message, /below.*ENOTDIR/);
      assert.match(error.message, /noexec.*failed to map segment/);
      assert.match(error.message, /XDG_CACHE_HOME/);
      return true;
    });
  }));

Deno.test("a damaged file of the right size is found by its hash and written again", () =>
  withFolder((folder) => {
    const files = sources(folder);
    const cache = path.join(folder, "cache");
    const written = path.join(cache, nativeFolderName(files));
    const good = "addon of library";
    const open = (addon: string) => {
      if (reading(addon) !== good) throw new Error("invalid ELF header");
      return "loaded";
    };
    loadNativeAddon(files, "addon.node", { folders: [at(cache)], open });
    const addon = path.join(written, "addon.node");
    fs.rmSync(addon);
    fs.writeFileSync(addon, "?".repeat(files[1].sizeBytes));
    assert.equal(loadNativeAddon(files, "addon.node", { folders: [at(cache)], open }), "loaded");
    assert.equal(reading(addon), good);
  }));

Deno.test("a source that is not what the build saw is never put in place", () =>
  withFolder((folder) => {
    const files = sources(folder);
    fs.writeFileSync(files[0].source, zstdCompressSync("y".repeat(files[0].sizeBytes)));
    const cache = path.join(folder, "cache");
    assert.throws(
      () => loadNativeAddon(files, "addon.node", { folders: [at(cache)], open: () => assert.fail("opened") }),
      /reads back with sha256/,
    );
    assert.deepEqual(fs.readdirSync(path.join(cache, nativeFolderName(files))), []);
    fs.writeFileSync(files[0].source, "not packed");
    assert.throws(
      () => loadNativeAddon(files, "addon.node", { folders: [at(cache)], open: () => assert.fail("opened") }),
      /lib\.so does not unpack/,
    );
  }));

Deno.test("what a process left half-done is taken over and cleared away", () =>
  withFolder((folder) => {
    const files = sources(folder);
    const cache = path.join(folder, "cache");
    const written = path.join(cache, nativeFolderName(files));
    fs.mkdirSync(written, { recursive: true });
    fs.writeFileSync(path.join(written, ".lib.so.unpacking"), "half");
    assert.equal(loadNativeAddon(files, "addon.node", { folders: [at(cache)], open: () => 1 }), 1);
    assert.deepEqual(fs.readdirSync(written).sort(), ["addon.node", "lib.so"]);
  }));

Deno.test("a shared folder that others may write to is passed over", () =>
  withFolder((folder) => {
    const files = sources(folder);
    const open_ = path.join(folder, "open");
    fs.mkdirSync(open_);
    fs.chmodSync(open_, 0o777);
    const good = path.join(folder, "good");
    const opened = loadNativeAddon(files, "addon.node", {
      folders: [{ path: open_, shared: true }, { path: good, shared: true }],
      open: (file) => file,
    });
    assert.ok((opened as string).startsWith(good));
  }));
