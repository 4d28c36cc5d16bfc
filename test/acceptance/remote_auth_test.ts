/** `granary auth`: what there is, from where and until when, without showing it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { Loopback } from "../support/loopback.ts";
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
  for (const args of [["auth", "status"], ["auth", "status", "--json"]]) {
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

Deno.test("auth status --check sends the token to a server: a made-up one, an ended one and none are exit 4", async () => {
  const world = await startEarthdata();
  try {
    const check = (env: Record<string, string>) =>
      granary(["auth", "status", "--check"], { env: { ...world.env, HOME: temporaryFolder(), ...env } });
    world.tokens.add("a-token-that-holds");
    const good = await check({ EARTHDATA_TOKEN: "a-token-that-holds" });
    assert.equal(good.code, 0, good.stderr);
    assert.ok(world.data.seen.some(({ headers }) => headers.authorization === "Bearer a-token-that-holds"));

    const madeUp = await check({ EARTHDATA_TOKEN: "made-up" });
    assert.equal(madeUp.code, 4, madeUp.stdout);
    assert.match(madeUp.stderr, /token .*EARTHDATA_TOKEN/);
    assert.ok(!(madeUp.stdout + madeUp.stderr).includes("made-up"));

    const asked = world.data.seen.length;
    const ended = await check({ EARTHDATA_TOKEN: jwt(Date.UTC(2020, 0, 1)) });
    assert.equal(ended.code, 4);
    assert.match(ended.stderr, /2020-01-01/);
    assert.equal(world.data.seen.length, asked, "a token that has ended is not sent");

    const none = await check({});
    assert.equal(none.code, 4);
    assert.match(none.stderr, /nothing to check: no Earthdata login and no AWS keys/);
  } finally {
    await world.stop();
  }
});

Deno.test("auth status says that a token has ended", async () => {
  const env = { ...AWS_OFF, HOME: temporaryFolder(), EARTHDATA_TOKEN: jwt(Date.UTC(2020, 0, 1)) };
  const { code, stdout } = await granary(["auth", "status"], { env });
  assert.equal(code, 0);
  assert.match(stdout, /2020-01-01T00:00:00Z \(it has ended\)/);
});

Deno.test("auth status --check asks AWS whose keys they are, and refused keys are exit 4", async () => {
  let answer = { status: 200, body: "" };
  const sts = await Loopback.start((_, response) => {
    response.writeHead(answer.status, { "content-type": "text/xml" });
    response.end(answer.body);
  });
  try {
    const check = () =>
      granary(["auth", "status", "--check", "--json"], {
        env: {
          ...AWS_OFF,
          HOME: temporaryFolder(),
          AWS_ACCESS_KEY_ID: "AKIAX",
          AWS_SECRET_ACCESS_KEY: "hush",
          AWS_ENDPOINT_URL_STS: sts.url,
        },
      });
    answer.body = "<GetCallerIdentityResponse><Arn>arn:aws:iam::1:user/u</Arn></GetCallerIdentityResponse>";
    const good = await check();
    assert.equal(good.code, 0, good.stderr);
    assert.equal(JSON.parse(good.stdout).aws.checked, true);
    answer = { status: 403, body: "<ErrorResponse><Code>InvalidClientTokenId</Code></ErrorResponse>" };
    const bad = await check();
    assert.equal(bad.code, 4);
    assert.match(bad.stderr, /not accepted: AWS answered 403 \(InvalidClientTokenId\)/);
    answer = { status: 400, body: "<html>what</html>" };
    assert.equal(JSON.parse((await check()).stdout).aws.checked, false);
  } finally {
    await sts.stop();
  }
});
