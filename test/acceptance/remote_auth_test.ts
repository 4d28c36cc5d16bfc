/** `granary auth`: what there is, from where and until when, without showing it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { jwt, PASSWORD, startEarthdata, USER } from "../support/earthdata.ts";

const AWS_OFF = { AWS_EC2_METADATA_DISABLED: "true" };

Deno.test("auth status tells where a token comes from and until when, and never the token", async () => {
  const token = jwt(Date.UTC(2099, 0, 31));
  const env = {
    ...AWS_OFF,
    HOME: temporaryFolder(),
    EARTHDATA_TOKEN: token,
    AWS_ACCESS_KEY_ID: "AKIAX",
    AWS_SECRET_ACCESS_KEY: "hush",
  };
  for (const args of [["auth", "status"], ["auth", "status", "--json"], ["auth", "status", "--check"]]) {
    const { code, stdout, stderr } = await granary(args, { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /EARTHDATA_TOKEN/);
    assert.match(stdout, /2099-01-31T00:00:00Z/);
    assert.match(stdout, /AWS_ACCESS_KEY_ID/);
    assert.match(stdout, /earthdatacloud\.nasa\.gov/);
    for (const secret of [token, token.split(".")[1], "hush", "AKIAX"]) {
      assert.ok(!(stdout + stderr).includes(secret));
    }
  }
  const nothing = await granary(["auth", "status", "--json"], {
    env: { ...AWS_OFF, HOME: temporaryFolder() },
  });
  const status = JSON.parse(nothing.stdout);
  assert.deepEqual([status.earthdata.found, status.aws.found, status.aws.region], [null, null, null]);
});

Deno.test("auth login keeps a token from stdin for its owner alone, and status finds it", async () => {
  const home = temporaryFolder();
  const env = { ...AWS_OFF, HOME: home };
  const stored = await granary(["auth", "login"], { env, input: "some-token-of-mine\n" });
  assert.equal(stored.code, 0, stored.stderr);
  assert.equal(stored.stdout, "");
  const file = path.join(home, ".config", "granary", "earthdata.json");
  assert.ok(stored.stderr.includes(file));
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const status = await granary(["auth", "status", "--json"], { env });
  assert.equal(JSON.parse(status.stdout).earthdata.kind, "login");
  assert.ok(!(stored.stderr + status.stdout + status.stderr).includes("some-token-of-mine"));
  for (const input of ["", "  \n"]) {
    const empty = await granary(["auth", "login"], { env, input });
    assert.equal(empty.code, 2);
    assert.match(empty.stderr, /no token came on stdin/);
  }
  const words = await granary(["auth", "login"], { env, input: "not a token\n" });
  assert.equal(words.code, 4);
  assert.match(words.stderr, /holds blanks/);
});

Deno.test("auth status --check asks the login server, and a wrong password is exit 4", async () => {
  const world = await startEarthdata();
  try {
    const home = temporaryFolder();
    const netrc = path.join(home, ".netrc");
    const env = { ...world.env, HOME: home };
    const write = (password: string) =>
      fs.writeFileSync(netrc, `machine 127.0.0.1 login ${USER} password "${password}"\n`);
    write(PASSWORD);
    const good = await granary(["auth", "status", "--check", "--json"], { env });
    assert.equal(good.code, 0, good.stderr);
    const { earthdata } = JSON.parse(good.stdout);
    assert.deepEqual([earthdata.kind, earthdata.found, earthdata.expires_at], [
      "netrc",
      netrc,
      "2099-01-31T00:00:00Z",
    ]);
    fs.rmSync(path.join(home, ".cache"), { recursive: true });
    write("wrong");
    const bad = await granary(["auth", "status", "--check"], { env });
    assert.equal(bad.code, 4);
    assert.match(bad.stderr, /does not accept the login from .*\.netrc; check the user name and password/);
    for (const text of [good.stdout, good.stderr, bad.stdout, bad.stderr]) {
      for (const secret of world.secrets) assert.ok(!text.includes(secret));
    }
  } finally {
    await world.stop();
  }
});
