import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { GranaryError } from "../../../../core/errors.ts";
import { storeLogin } from "../../../../core/access/earthdata.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { loginFile, tokenCacheFile } from "../../../../core/access/token_store.ts";
import {
  type EarthdataWorld,
  forgetSignatures,
  jwt,
  PASSWORD,
  startEarthdata,
  USER,
} from "../../../support/earthdata.ts";
import { FaultSchedule } from "../../../support/faults.ts";
import { Loopback, patternBytes } from "../../../support/loopback.ts";

const BYTES = patternBytes(300_000);
const RETRY = { attempts: 4, baseMs: 2, capMs: 10 };
const FILE = "/data/ATL06/a.h5";

interface Scene {
  world: EarthdataWorld;
  home: string;
  warnings: string[];
  opener(env?: Record<string, string>, more?: { earthdataToken?: string; now?: () => number }): SourceOpener;
}

function scene(run: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const world = await startEarthdata();
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "granary-home-"));
    world.files.set(FILE, BYTES);
    world.tokens.add("given");
    world.secrets.add("given");
    const warnings: string[] = [];
    try {
      await run({
        world,
        home,
        warnings,
        opener: (env = {}, more = {}) =>
          new SourceOpener({
            env: { HOME: home, ...world.env, ...env },
            retry: RETRY,
            warn: (message) => warnings.push(message),
            ...more,
          }),
      });
      for (const text of warnings) assertClean(world, text);
    } finally {
      await world.stop();
      fs.rmSync(home, { recursive: true });
    }
  };
}

function assertClean(world: EarthdataWorld, text: string): void {
  for (const secret of world.secrets) {
    assert.ok(!text.includes(secret), `${JSON.stringify(text)} shows ${secret}`);
  }
}

const fails = (world: EarthdataWorld, tag: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GranaryError, String(error));
  assert.equal(error.tag, tag);
  assert.match(error.message, text);
  assertClean(world, `${error.stack} ${JSON.stringify(error)} ${error.cause ?? ""}`);
  return true;
};

async function readsWhole(opener: SourceOpener, url: string): Promise<void> {
  const source = await opener.open(url);
  assert.deepEqual(await source.read(0, BYTES.length), BYTES);
  await source.close();
}

Deno.test(
  "the token reaches the data host and no other; the redirect's target is then asked directly",
  scene(async ({ world, opener }) => {
    const source = await opener({ EARTHDATA_TOKEN: "given" }).open(world.fileUrl(FILE));
    for (let i = 0; i < 5; i++) await source.read(40_000 * i + 70_000, 36_000);
    assert.equal(world.data.seen.length, 1);
    assert.equal(world.cdn.seen.length, 6);
    assert.equal(world.data.seen[0].headers.authorization, "Bearer given");
    assert.ok(world.cdn.seen.every(({ headers }) => headers.authorization === undefined));
    assert.equal(world.login.seen.length, 0);
    assert.equal(source.counters.requests, 7);
    assert.equal(source.name, world.fileUrl(FILE));
    await source.close();
  }),
);

Deno.test(
  "a signed address that stopped to hold is asked for again, once",
  scene(async ({ world, opener }) => {
    const source = await opener({ EARTHDATA_TOKEN: "given" }).open(world.fileUrl(FILE));
    forgetSignatures(world);
    assert.deepEqual(await source.read(100_000, 50_000), BYTES.slice(100_000, 150_000));
    assert.equal(world.data.seen.length, 2);
    await source.close();
  }),
);

Deno.test(
  "a distribution host that refuses every new address is distinguished from a refused login",
  scene(async ({ world, opener }) => {
    world.cdn.faults = new FaultSchedule([{
      at: "every",
      fault: { kind: "status", status: 403, body: "AccessDenied" },
    }]);
    const open = opener({ EARTHDATA_TOKEN: "given" }).open(world.fileUrl(FILE));
    await assert.rejects(
      open,
      fails(world, "granule", /redirects to 127\.0\.0\.1:\d+, which answered 403 \("AccessDenied"\)/),
    );
    assert.equal(world.data.seen.length, 4);
    assert.equal(world.login.seen.length, 0);
  }),
);

Deno.test(
  "a host that is not Earthdata's gets no token, not even for an answer of 401",
  scene(async ({ world, opener }) => {
    const other = await Loopback.start((_request, response) => {
      response.writeHead(401);
      response.end();
    });
    try {
      const open = opener({ EARTHDATA_TOKEN: "given" }).open(`${other.url}/a.h5`);
      await assert.rejects(
        open,
        fails(world, "credential", /401 and wants a login.*GRANARY_EARTHDATA_HOSTS/),
      );
      assert.ok(other.seen.every(({ headers }) => headers.authorization === undefined));
    } finally {
      await other.stop();
    }
  }),
);

Deno.test(
  "tokens go before one another: explicit, EARTHDATA_TOKEN, user name, auth login, netrc",
  scene(({ world, home, opener }) => {
    const env: Record<string, string> = {};
    const netrc = path.join(home, ".netrc");
    fs.writeFileSync(netrc, `machine 127.0.0.1\n  login ${USER}\n  password "${PASSWORD}"\n`);
    assert.deepEqual(opener(env).earthdata.origin(), { kind: "netrc", where: netrc });
    storeLogin({ HOME: home, ...world.env }, "given");
    assert.equal(opener(env).earthdata.origin()?.kind, "login");
    Object.assign(env, { EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: PASSWORD });
    assert.equal(opener(env).earthdata.origin()?.kind, "password");
    env.EARTHDATA_TOKEN = "given";
    assert.equal(opener(env).earthdata.origin()?.kind, "environment");
    assert.equal(opener(env, { earthdataToken: "given" }).earthdata.origin()?.kind, "explicit");
    assert.equal(opener({ NETRC: "/nonexistent/netrc" }).earthdata.origin()?.kind, "login");
    return Promise.resolve();
  }),
);

Deno.test(
  "a user name and password become a token once, for all readers and the next process",
  scene(async ({ world, home, opener }) => {
    const env = { EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: PASSWORD };
    const first = opener(env);
    await Promise.all(Array.from({ length: 8 }, () => readsWhole(first, world.fileUrl(FILE))));
    assert.equal(world.login.seen.length, 1);
    await readsWhole(opener(env), world.fileUrl(FILE));
    assert.equal(world.login.seen.length, 1);
    const file = tokenCacheFile({ HOME: home });
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
    assert.ok(!fs.readFileSync(file, "utf8").includes(USER));
  }),
);

Deno.test(
  "a token file that others can read is not used",
  scene(async ({ world, home, opener }) => {
    const env = { HOME: home, ...world.env };
    const { file } = storeLogin(env, "given");
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    fs.chmodSync(file, 0o644);
    await assert.rejects(
      opener().open(world.fileUrl(FILE)),
      fails(world, "credential", /can be read by others \(mode 644\)/),
    );
    assert.equal(world.data.seen.length, 0);
  }),
);

Deno.test(
  "netrc's login is exchanged for a token",
  scene(async ({ world, home, opener }) => {
    fs.writeFileSync(
      path.join(home, ".netrc"),
      `default login nobody password nothing\nmachine other login x password y\n# a comment\n` +
        `machine 127.0.0.1 login ${USER} password "${PASSWORD}"\n`,
    );
    await readsWhole(opener(), world.fileUrl(FILE));
    assert.equal(world.login.seen.length, 1);
  }),
);

Deno.test(
  "a token that is refused mid-run is renewed once for all readers",
  scene(async ({ world, opener }) => {
    const shared = opener({ EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: PASSWORD });
    await readsWhole(shared, world.fileUrl(FILE));
    world.tokens.clear();
    world.nextToken = { token: "token-of-the-login-server-2", expires: "01/31/2099" };
    await Promise.all(Array.from({ length: 6 }, () => readsWhole(shared, world.fileUrl(FILE))));
    assert.equal(world.login.seen.length, 2);
  }),
);

Deno.test(
  "a token is renewed before it ends",
  scene(async ({ world, opener }) => {
    let now = Date.now();
    const first = jwt(now + 3_600_000);
    world.nextToken = { token: first, expires: "01/31/2099" };
    const shared = opener({ EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: PASSWORD }, { now: () => now });
    await readsWhole(shared, world.fileUrl(FILE));
    now += 45 * 60_000;
    await readsWhole(shared, world.fileUrl(FILE));
    assert.equal(world.login.seen.length, 1);
    now += 10 * 60_000;
    world.nextToken = { token: jwt(now + 3_600_000), expires: "01/31/2099" };
    await readsWhole(shared, world.fileUrl(FILE));
    assert.equal(world.login.seen.length, 2);
    assert.equal(world.data.seen.at(-1)!.headers.authorization, `Bearer ${world.nextToken.token}`);
  }),
);

Deno.test(
  "a renewal that fails before the end of the old token does not stop the run",
  scene(async ({ world, opener, warnings }) => {
    let now = Date.now();
    world.nextToken = { token: jwt(now + 3_600_000), expires: "01/31/2099" };
    const shared = opener({ EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: PASSWORD }, { now: () => now });
    await readsWhole(shared, world.fileUrl(FILE));
    now += 55 * 60_000;
    world.login.faults = new FaultSchedule([{ at: "every", fault: { kind: "status", status: 502 } }]);
    await readsWhole(shared, world.fileUrl(FILE));
    assert.match(warnings.join("\n"), /token could not be renewed yet.*502/);
  }),
);

Deno.test(
  "refusals are distinguished: no login, a bad token, a bad password, terms that are not accepted",
  scene(async ({ world, opener }) => {
    const open = (env: Record<string, string>) => opener(env).open(world.fileUrl(FILE));
    await assert.rejects(
      open({}),
      fails(world, "credential", /login is needed and none was found.*EARTHDATA_TOKEN.*netrc/),
    );
    await assert.rejects(
      open({ EARTHDATA_TOKEN: "stale" }),
      fails(world, "credential", /does not accept the login from EARTHDATA_TOKEN/),
    );
    await assert.rejects(
      open({ EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: "wrong" }),
      fails(
        world,
        "credential",
        /401.*does not accept the login from EARTHDATA_USERNAME.*check the user name and password/,
      ),
    );
    world.termsMissing.add("ATL06");
    await assert.rejects(
      open({ EARTHDATA_TOKEN: "given" }),
      fails(
        world,
        "credential",
        /terms \(EULA\) are not accepted yet; accept them at https:\/\/urs\.earthdata\.nasa\.gov\/accept_eula\?eula_id=a_b&app=c/,
      ),
    );
  }),
);

Deno.test(
  "a token that ended by its own word is refused without a request",
  scene(async ({ world, opener }) => {
    const token = jwt(Date.UTC(2020, 0, 2));
    world.secrets.add(token);
    await assert.rejects(
      opener({ EARTHDATA_TOKEN: token }).open(world.fileUrl(FILE)),
      fails(world, "credential", /token from EARTHDATA_TOKEN expired on 2020-01-02/),
    );
    assert.equal(world.data.seen.length, 0);
  }),
);

for (const at of [1, 2, 4]) {
  Deno.test(
    `a login page at request ${at} of the distribution host is met with a new way there`,
    scene(async ({ world, opener }) => {
      const shared = opener({ EARTHDATA_USERNAME: USER, EARTHDATA_PASSWORD: PASSWORD });
      world.cdn.faults = new FaultSchedule([{ at: [at], fault: { kind: "login-page" } }]);
      world.nextToken = { token: `token-${at}`, expires: "01/31/2099" };
      const read = async () => {
        const source = await shared.open(world.fileUrl(FILE));
        for (let i = 0; i < 4; i++) {
          assert.deepEqual(
            await source.read(50_000 * i + 40_000, 40_000),
            BYTES.slice(50_000 * i + 40_000, 50_000 * i + 80_000),
          );
        }
        await source.close();
      };
      if (at > 1) return await read();
      // At the first, the token is asked for again; the login server gives the same, so it ends.
      await assert.rejects(read(), fails(world, "credential", /a web page came instead of data/));
      assert.equal(world.login.seen.length, 2);
    }),
  );
}

Deno.test(
  "a catalog's credential endpoint outside of Earthdata never gets the token",
  scene(async ({ world, opener }) => {
    const other = await Loopback.start((_request, response) => void response.end());
    try {
      const open = opener({ EARTHDATA_TOKEN: "given" }).open({
        kind: "s3",
        url: "s3://bucket/key",
        s3: { credentials: `${other.url}/s3credentials` },
      });
      await assert.rejects(open, fails(world, "credential", /no Earthdata host, and the token is not sent/));
      assert.equal(other.seen.length, 0);
    } finally {
      await other.stop();
    }
  }),
);

Deno.test("the token's hosts are Earthdata's, by https, and no look-alikes", () => {
  const { earthdata } = new SourceOpener({ env: { HOME: "/nonexistent" } });
  const yes = [
    "archive.podaac.earthdata.nasa.gov",
    "archive.swot.podaac.earthdata.nasa.gov",
    "cumulus.asf.alaska.edu",
    "data.gesdisc.earthdata.nasa.gov",
    "data.laadsdaac.earthdatacloud.nasa.gov",
    "data.lpdaac.earthdatacloud.nasa.gov",
    "data.nsidc.earthdatacloud.nasa.gov",
    "obdaac-tea.earthdatacloud.nasa.gov",
    "sentinel1.asf.alaska.edu",
    "urs.earthdata.nasa.gov",
    "gpm1.gesdisc.eosdis.nasa.gov",
  ];
  for (const host of yes) assert.ok(earthdata.covers(new URL(`https://${host}/x`)), host);
  const no = [
    "http://data.nsidc.earthdatacloud.nasa.gov/x",
    "https://data.nsidc.earthdatacloud.nasa.gov:8443/x",
    "https://earthdata.nasa.gov.example.org/x",
    "https://evil-earthdata.nasa.gov/x",
    "https://earthdatacloud.nasa.gov@example.org/x",
    "https://nsidc-cumulus-prod-protected.s3.us-west-2.amazonaws.com/x",
    "https://nasa.gov/x",
    "http://127.0.0.1/x",
  ];
  for (const url of no) assert.ok(!earthdata.covers(new URL(url)), url);
});

Deno.test(
  "auth login keeps a token where only its owner reads it, and refuses what is no token",
  scene(async ({ world, home, opener }) => {
    const env = { HOME: home, ...world.env };
    storeLogin(env, "  Bearer given\n");
    await readsWhole(opener(), world.fileUrl(FILE));
    assert.throws(() => storeLogin(env, "two words"), fails(world, "credential", /holds blanks/));
    assert.equal(fs.statSync(loginFile(env)).mode & 0o777, 0o600);
  }),
);
