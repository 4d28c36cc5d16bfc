import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { GranaryError } from "../../../../core/errors.ts";
import { AwsChain } from "../../../../core/access/aws.ts";
import { parseIni } from "../../../../core/access/aws_profile.ts";
import { askCodesBy } from "../../../../core/access/one_time_code.ts";
import { HttpClient } from "../../../../core/access/http.ts";
import { DEFAULT_RETRY } from "../../../../core/access/retry.ts";
import { type Handler, Loopback } from "../../../support/loopback.ts";

interface Scene {
  home: string;
  clock: { now: number };
  chain(env?: Record<string, string>): AwsChain;
  serve(handler: Handler): Promise<Loopback>;
}

function scene(run: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "granary-aws-"));
    fs.mkdirSync(path.join(home, ".aws"));
    const clock = { now: Date.now() };
    const servers: Loopback[] = [];
    try {
      await run({
        home,
        clock,
        chain: (env = {}) =>
          new AwsChain({
            env: { HOME: home, AWS_EC2_METADATA_DISABLED: "true", ...env },
            client: new HttpClient(),
            retry: { ...DEFAULT_RETRY, attempts: 2, baseMs: 2 },
            warn: () => {},
            now: () => clock.now,
          }),
        serve: async (handler) => {
          const server = await Loopback.start(handler);
          servers.push(server);
          return server;
        },
      });
    } finally {
      for (const server of servers) await server.stop();
      fs.rmSync(home, { recursive: true });
    }
  };
}

/** With variables for the time of `run`, as AWS's code reads them of the process. */
async function withVariables(variables: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "s-env" };
const refused = (text: RegExp) => (error: unknown) =>
  error instanceof GranaryError && error.tag === "credential" && text.test(error.message);

function json(
  response: { writeHead: (status: number) => void; end: (text: string) => void },
  body: unknown,
): void {
  response.writeHead(200);
  response.end(JSON.stringify(body));
}

function stsAnswer(id: string, expires: number, action = "AssumeRole"): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
    `<SessionToken>t</SessionToken><Expiration>${
      new Date(expires).toISOString()
    }</Expiration></Credentials></${action}Result></${action}Response>`;
}

Deno.test("INI files are read as the AWS tools write them", () => {
  const sections = parseIni(
    "# c\n[default]\nregion = us-west-2 ; here\naws_access_key_id=A=B\ns3 =\n  addressing_style = virtual\n  max = 4\noutput=json\n" +
      '[profile "my one"]\nrole_arn = arn:x\n[ plain ]\nk=v\n',
  );
  assert.deepEqual(sections.get("default"), {
    region: "us-west-2",
    aws_access_key_id: "A=B",
    s3: "",
    "s3.addressing_style": "virtual",
    "s3.max": "4",
    output: "json",
  });
  assert.deepEqual(sections.get("my one"), { role_arn: "arn:x" });
  assert.deepEqual(sections.get("plain"), { k: "v" });
});

Deno.test(
  "the environment goes before the profile, and the profile before all else",
  scene(async ({ home, chain }) => {
    fs.writeFileSync(
      path.join(home, ".aws/credentials"),
      "[default]\naws_access_key_id = AKIADEF\naws_secret_access_key = s\n[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s\naws_session_token = t\n",
    );
    fs.writeFileSync(
      path.join(home, ".aws/config"),
      "[default]\nregion = eu-north-1\n[profile other]\nregion = us-west-2\nendpoint_url = http://h:1\ns3 =\n  addressing_style = virtual\n",
    );
    const id = async (env: Record<string, string>) => (await (await chain(env).keys())!.keys()).accessKeyId;
    assert.equal(await id(KEYS), "AKIAENV");
    assert.equal(await id({}), "AKIADEF");
    assert.equal(await id({ AWS_PROFILE: "other" }), "AKIAOTHER");
    assert.equal(await chain({}).region(), "eu-north-1");
    assert.equal(await chain({ AWS_PROFILE: "other" }).region(), "us-west-2");
    assert.equal(await chain({ AWS_DEFAULT_REGION: "x-1" }).region(), "x-1");
    assert.deepEqual(chain({ AWS_PROFILE: "other" }).s3Endpoint(), {
      endpoint: "http://h:1",
      style: "virtual",
    });
    assert.deepEqual(
      chain({ AWS_ENDPOINT_URL_S3: "s3.example.org", AWS_ENDPOINT_URL: "http://no" }).s3Endpoint(),
      {
        endpoint: "https://s3.example.org",
        style: undefined,
      },
    );
    await assert.rejects(async () => await chain({ AWS_PROFILE: "none" }).keys(), /"none".*neither/);
  }),
);

Deno.test(
  "nothing found is no keys and no region, without a word",
  scene(async ({ chain }) => {
    assert.equal(await chain().keys(), undefined);
    assert.equal(await chain().region(), undefined);
  }),
);

Deno.test(
  "roles that want a code, or that nothing assumes, are refused with the way around",
  scene(async ({ home, chain }) => {
    const cases: [string, RegExp][] = [
      [
        "role_arn = arn:r\nmfa_serial = m\nsource_profile = base",
        /one-time code.*no terminal.*export-credentials/,
      ],
      ["role_arn = arn:r\nsource_profile = default", /cycle/],
      ["role_arn = arn:r\nsource_profile = none", /profile: \[none\]/],
      ["role_arn = arn:r", /Could not resolve credentials/],
    ];
    for (const [text, expected] of cases) {
      fs.writeFileSync(
        path.join(home, ".aws/config"),
        `[default]\n${text}\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n`,
      );
      await assert.rejects(async () => await (await chain().keys())!.keys(), refused(expected));
    }
  }),
);

Deno.test(
  "a role is assumed by web identity, and again five minutes before its keys end",
  scene(async ({ home, clock, chain, serve }) => {
    const forms: URLSearchParams[] = [];
    const sts = await serve((_request, response, body) => {
      forms.push(new URLSearchParams(new TextDecoder().decode(body)));
      response.writeHead(200);
      response.end(stsAnswer(`ASIA${forms.length}`, clock.now + 3_600_000, "AssumeRoleWithWebIdentity"));
    });
    const token = path.join(home, "token");
    fs.writeFileSync(token, "identity-1\n");
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: "arn:role",
    };
    await withVariables({ AWS_ENDPOINT_URL_STS: sts.url }, async () => {
      const source = (await chain(env).keys())!;
      const all = await Promise.all([source.keys(), source.keys(), source.keys()]);
      assert.deepEqual(all.map(({ accessKeyId }) => accessKeyId), ["ASIA1", "ASIA1", "ASIA1"]);
      assert.equal(forms[0].get("Action"), "AssumeRoleWithWebIdentity");
      assert.equal(forms[0].get("WebIdentityToken")!.trim(), "identity-1");
      assert.equal(sts.seen[0].headers.authorization, undefined);
      fs.writeFileSync(token, "identity-2\n");
      clock.now += 55.1 * 60_000;
      assert.equal((await source.keys()).accessKeyId, "ASIA2");
      assert.equal(forms[1].get("WebIdentityToken")!.trim(), "identity-2");
    });
  }),
);

Deno.test(
  "a profile's role is assumed with the keys of its source profile",
  scene(async ({ home, clock, chain, serve }) => {
    const sts = await serve((_request, response) => {
      response.writeHead(200);
      response.end(stsAnswer("ASIAROLE", clock.now + 3_600_000));
    });
    fs.writeFileSync(
      path.join(home, ".aws/config"),
      "[default]\nrole_arn = arn:r\nsource_profile = base\nexternal_id = e\nregion = eu-west-1\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n",
    );
    await withVariables({ AWS_ENDPOINT_URL_STS: sts.url }, async () => {
      const keys = await (await chain().keys())!.keys();
      assert.equal(keys.accessKeyId, "ASIAROLE");
    });
    assert.match(sts.seen[0].headers.authorization!, /Credential=AKIABASE\/\d+\/eu-west-1\/sts\//);
  }),
);

Deno.test(
  "keys of single sign-on come by the login that AWS's tools left, for roles of other profiles too",
  scene(async ({ home, clock, chain, serve }) => {
    const portal = await serve((request, response) => {
      if (request.headers["x-amz-sso_bearer_token"] !== "login-secret") {
        response.writeHead(401);
        return void response.end("{}");
      }
      const expiration = clock.now + 3_600_000;
      json(response, {
        roleCredentials: { accessKeyId: "ASIASSO", secretAccessKey: "s", sessionToken: "t", expiration },
      });
    });
    const sts = await serve((_request, response) => {
      response.end(stsAnswer("ASIAROLE", clock.now + 3_600_000));
    });
    fs.writeFileSync(
      path.join(home, ".aws", "config"),
      `[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Reader
region = us-west-2
[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = us-west-2
[profile role]
role_arn = arn:aws:iam::123456789012:role/other
source_profile = sso
region = us-west-2
`,
    );
    const cache = path.join(home, ".aws", "sso", "cache");
    fs.mkdirSync(cache, { recursive: true });
    const login = path.join(cache, `${createHash("sha1").update("corp").digest("hex")}.json`);
    const loggedIn = (accessToken: string, expires: number) =>
      fs.writeFileSync(login, JSON.stringify({ accessToken, expiresAt: new Date(expires).toISOString() }));
    loggedIn("login-secret", Date.now() + 3_600_000);
    const variables = { HOME: home, AWS_ENDPOINT_URL_SSO: portal.url, AWS_ENDPOINT_URL_STS: sts.url };
    await withVariables(variables, async () => {
      const keys = await (await chain({ AWS_PROFILE: "sso" }).keys())!.keys();
      assert.deepEqual(
        [keys.accessKeyId, keys.sessionToken, keys.expiresAt],
        ["ASIASSO", "t", clock.now + 3_600_000],
      );
      assert.match(portal.seen[0].url, /role_name=Reader&account_id=123456789012/);
      const role = chain({ AWS_PROFILE: "role" });
      assert.equal((await (await role.keys())!.keys()).accessKeyId, "ASIAROLE");
      assert.match(sts.seen[0].headers.authorization!, /Credential=ASIASSO\//);

      loggedIn("ended-secret", Date.now() - 1000);
      await assert.rejects(
        async () => await (await chain({ AWS_PROFILE: "sso" }).keys())!.keys(),
        (error) => {
          assert.ok(
            refused(/profile "sso" gave no keys.*run: aws sso login --profile sso/s)(error),
          );
          assert.doesNotMatch(String((error as Error).stack), /secret/);
          return true;
        },
      );
    });
  }),
);

Deno.test(
  "a profile's program prints its keys; one that fails is told without its words",
  scene(async ({ home, clock, chain }) => {
    const printed = JSON.stringify({
      Version: 1,
      AccessKeyId: "ASIAPROC",
      SecretAccessKey: "hush",
      SessionToken: "t",
      Expiration: new Date(clock.now + 3_600_000).toISOString(),
    });
    fs.writeFileSync(
      path.join(home, ".aws", "config"),
      `[profile good]
credential_process = echo '${printed}'
[profile fails]
credential_process = sh -c 'echo secret-of-stderr >&2; exit 3' --password secret-of-argument
[profile prints]
credential_process = echo secret-of-stdout
`,
    );
    const keys = await (await chain({ AWS_PROFILE: "good" }).keys())!.keys();
    assert.deepEqual([keys.accessKeyId, keys.secretAccessKey], ["ASIAPROC", "hush"]);
    assert.equal(Math.trunc(keys.expiresAt! / 1000), Math.trunc((clock.now + 3_600_000) / 1000));
    for (const name of ["fails", "prints"]) {
      await assert.rejects(async () => await (await chain({ AWS_PROFILE: name }).keys())!.keys(), (error) => {
        assert.ok(
          refused(/profile "(fails|prints)" gave no keys: its program failed, or printed no keys/)(error),
          String(error),
        );
        assert.doesNotMatch(String((error as Error).stack) + String((error as Error).cause), /secret/);
        return true;
      });
    }
  }),
);

Deno.test(
  "a container's endpoint is asked with its token, and only hosts that may be",
  scene(async ({ clock, chain, serve }) => {
    const server = await serve((_request, response) =>
      json(response, {
        AccessKeyId: "ASIACONT",
        SecretAccessKey: "s",
        Token: "t",
        Expiration: new Date(clock.now + 3_600_000).toISOString(),
      })
    );
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/creds`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "Basic abc",
    };
    assert.equal((await (await chain(env).keys())!.keys()).accessKeyId, "ASIACONT");
    assert.equal(server.seen[0].headers.authorization, "Basic abc");
    await assert.rejects(
      async () =>
        await (await chain({ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.org/creds" }).keys())!
          .keys(),
      refused(/URL not accepted.*AWS_CONTAINER_CREDENTIALS_FULL_URI/),
    );
  }),
);

Deno.test(
  "instance metadata gives region and role by a session, version 2",
  scene(async ({ clock, chain, serve }) => {
    const server = await serve((request, response) => {
      if (request.url === "/latest/api/token" && request.method === "PUT") {
        return void response.end("session");
      }
      if (request.headers["x-aws-ec2-metadata-token"] !== "session") {
        response.writeHead(401);
        return void response.end();
      }
      if (request.url === "/latest/meta-data/placement/region") return void response.end("us-west-2");
      if (request.url === "/latest/meta-data/iam/security-credentials/") {
        return void response.end("node-role");
      }
      json(response, {
        Code: "Success",
        AccessKeyId: "ASIANODE",
        SecretAccessKey: "s",
        Token: "t",
        Expiration: new Date(clock.now + 3_600_000).toISOString(),
      });
    });
    const env = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url };
    const here = chain(env);
    assert.equal(await here.region(), "us-west-2");
    await withVariables({ AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url }, async () => {
      assert.equal((await (await here.keys())!.keys()).accessKeyId, "ASIANODE");
    });
    assert.equal(server.seen.at(-1)!.url, "/latest/meta-data/iam/security-credentials/node-role");
  }),
);

Deno.test(
  "outside of AWS the metadata address costs a second at most, and nothing is said",
  scene(async ({ chain, serve }) => {
    const silent = await serve(() => {});
    const env = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: silent.url };
    const here = chain(env);
    assert.equal(await here.region(), undefined);
    assert.equal(await here.keys(), undefined);
    assert.equal(silent.seen.length, 1, "what did not answer is not asked again");
  }),
);

Deno.test(
  "a role that may not be assumed says who refused, and shows no key",
  scene(async ({ home, chain, serve }) => {
    const sts = await serve((_request, response) => {
      response.writeHead(403);
      response.end(
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
      );
    });
    const token = path.join(home, "token");
    fs.writeFileSync(token, "identity-secret");
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: "arn:role",
    };
    await withVariables({ AWS_ENDPOINT_URL_STS: sts.url }, async () => {
      await assert.rejects(async () => await (await chain(env).keys())!.keys(), (error) => {
        assert.ok(
          refused(/AWS_ROLE_ARN gave no keys: AWS answered 403 \(AccessDenied\).*trust policy/)(error),
          String(error),
        );
        assert.doesNotMatch(String((error as Error).stack), /identity-secret/);
        return true;
      });
    });
  }),
);

Deno.test(
  "a role that wants a one-time code is assumed with it, once for all that open sources",
  scene(async ({ home, clock, chain, serve }) => {
    const forms: URLSearchParams[] = [];
    const sts = await serve((_request, response, body) => {
      forms.push(new URLSearchParams(new TextDecoder().decode(body)));
      response.end(stsAnswer(`ASIACODE${forms.length}`, clock.now + 3_600_000));
    });
    fs.writeFileSync(
      path.join(home, ".aws/config"),
      `[default]
role_arn = arn:aws:iam::123456789012:role/r
mfa_serial = arn:aws:iam::123456789012:mfa/me
source_profile = base
region = eu-west-1
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = s
`,
    );
    const asked: string[] = [];
    askCodesBy((device) => {
      asked.push(device);
      return Promise.resolve("123456");
    });
    try {
      await withVariables({ AWS_ENDPOINT_URL_STS: sts.url }, async () => {
        const both = await Promise.all(
          [chain(), chain()].map(async (one) => await (await one.keys())!.keys()),
        );
        assert.deepEqual(both.map(({ accessKeyId }) => accessKeyId), ["ASIACODE1", "ASIACODE1"]);
      });
    } finally {
      askCodesBy(undefined);
    }
    assert.deepEqual(asked, ["arn:aws:iam::123456789012:mfa/me"]);
    assert.deepEqual(forms.map((form) => [form.get("SerialNumber"), form.get("TokenCode")]), [
      ["arn:aws:iam::123456789012:mfa/me", "123456"],
    ]);
  }),
);

Deno.test(
  "keys of a login by the browser (aws login) are taken from where AWS's tools keep them, until it has ended",
  scene(async ({ home, clock, chain }) => {
    const session = "arn:aws:sts::123456789012:assumed-role/r/me";
    fs.writeFileSync(
      path.join(home, ".aws/config"),
      `[profile browser]\nlogin_session = ${session}\nregion = us-west-2\n`,
    );
    const cache = path.join(home, ".aws", "login", "cache");
    fs.mkdirSync(cache, { recursive: true });
    const login = (accessToken: Record<string, string>) => ({
      accessToken: { accessKeyId: "ASIALOGIN", secretAccessKey: "hush", sessionToken: "t", ...accessToken },
      refreshToken: "refresh-secret",
      clientId: "arn:aws:signin:::devtools/same-device",
      dpopKey: "none",
    });
    const expiresAt = new Date(clock.now + 3_600_000).toISOString();
    const file = path.join(cache, `${createHash("sha256").update(session).digest("hex")}.json`);
    await withVariables({ HOME: home, AWS_LOGIN_CACHE_DIRECTORY: cache }, async () => {
      await assert.rejects(
        async () => await (await chain({ AWS_PROFILE: "browser" }).keys())!.keys(),
        refused(/profile "browser" gave no keys.*run: aws login --profile browser/),
      );
      fs.writeFileSync(file, JSON.stringify(login({ expiresAt, accountId: "123456789012" })));
      const keys = await (await chain({ AWS_PROFILE: "browser" }).keys())!.keys();
      assert.deepEqual([keys.accessKeyId, keys.expiresAt], ["ASIALOGIN", clock.now + 3_600_000]);
    });
  }),
);

Deno.test(
  "a container's endpoint that does not answer costs seconds",
  scene(async ({ chain, serve }) => {
    const silent = await serve(() => {});
    const source = await chain({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${silent.url}/creds` }).keys();
    await assert.rejects(
      async () => await source!.keys(),
      refused(/the container gave no keys: no answer within/),
    );
  }),
);

Deno.test(
  "a token service that cannot be reached is trouble of the network, not a refusal",
  scene(async ({ home, chain, serve }) => {
    const sts = await serve((_request, response) => {
      response.writeHead(503);
      response.end();
    });
    const token = path.join(home, "token");
    fs.writeFileSync(token, "identity-secret");
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_ARN: "arn:role" };
    await withVariables({ AWS_ENDPOINT_URL_STS: sts.url }, async () => {
      await assert.rejects(
        async () => await (await chain(env).keys())!.keys(),
        (error) => error instanceof GranaryError && error.tag === "io" && /503, 2 times/.test(error.message),
      );
    });
  }),
);
