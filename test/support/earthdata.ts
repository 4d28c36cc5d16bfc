/**
 * Earthdata on this machine: a login server, one s3credentials endpoint a product, a data host that demands
 * tokens and redirects to a distribution host, which refuses tokens (as S3 does for signed addresses).
 */
import { Loopback } from "./loopback.ts";

export interface EarthdataWorld {
  login: Loopback;
  data: Loopback;
  cdn: Loopback;
  /** The environment that points granary here; without a login. */
  env: Record<string, string>;
  /** Tokens that hold; remove one and it is refused. */
  tokens: Set<string>;
  /** What the next find_or_create_token gives. */
  nextToken: { token: string; expires: string };
  /** Keys that the endpoints gave, in their order. */
  issued: { product: string; accessKeyId: string }[];
  /** Seconds that keys live. */
  keysLiveSeconds: number;
  /** Products whose terms were not accepted. */
  termsMissing: Set<string>;
  /** Files by path. */
  files: Map<string, Uint8Array>;
  /** The address of a file at the data host. */
  fileUrl(path: string): string;
  /** A product's credential endpoint. */
  endpoint(product: string): string;
  /** Every secret that was given out or is known: none may be shown. */
  secrets: Set<string>;
  stop(): Promise<void>;
}

export const USER = "some.user";
export const PASSWORD = "pass word:ü";

/** Starts the three servers. Dates of the keys follow `now`. */
export async function startEarthdata(now: () => number = Date.now): Promise<EarthdataWorld> {
  let serial = 0;
  const signatures = new Set<string>();
  const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${USER}:${PASSWORD}`)))}`;

  const login = await Loopback.start((request, response) => {
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.url === "/api/users/find_or_create_token" && request.method === "POST") {
      if (request.headers.authorization !== basic) {
        return json(401, { error: "invalid_credentials", error_description: "Invalid user credentials" });
      }
      const { token, expires } = world.nextToken;
      world.tokens.add(token);
      world.secrets.add(token);
      return json(200, { access_token: token, token_type: "Bearer", expiration_date: expires });
    }
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<html><body>Earthdata Login</body></html>");
  });

  const allowed = (authorization: string | undefined) =>
    authorization?.startsWith("Bearer ") === true && world.tokens.has(authorization.slice(7));

  const data = await Loopback.start((request, response) => {
    const url = new URL(request.url!, data.url);
    if (!allowed(request.headers.authorization)) {
      response.writeHead(302, {
        location: `${login.url}/oauth/authorize?client_id=x&redirect_uri=${data.url}/login`,
      });
      response.end();
      return;
    }
    const credentials = /^\/([^/]+)\/s3credentials$/.exec(url.pathname);
    const product = credentials?.[1] ?? url.pathname.split("/")[2];
    if (world.termsMissing.has(product)) {
      response.writeHead(403, { "content-type": "application/json" });
      response.end(JSON.stringify({
        status_code: 403,
        error_description: "EULA Acceptance Failure",
        resolution_url: "https://urs.earthdata.nasa.gov/accept_eula?eula_id=a_b&app=c",
      }));
      return;
    }
    if (credentials !== null) {
      const accessKeyId = `ASIA${product.toUpperCase()}${String(++serial).padStart(6, "0")}`;
      const keys = {
        accessKeyId,
        secretAccessKey: `secret/${accessKeyId}`,
        sessionToken: `session+${accessKeyId}`,
      };
      for (const secret of Object.values(keys)) world.secrets.add(secret);
      world.issued.push({ product, accessKeyId });
      const expiration = new Date(now() + world.keysLiveSeconds * 1000).toISOString().replace("T", " ")
        .replace(/\.\d+Z/, "+00:00");
      response.writeHead(200, { "content-type": "application/json", date: new Date(now()).toUTCString() });
      response.end(JSON.stringify({ ...keys, expiration }));
      return;
    }
    if (!world.files.has(url.pathname)) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"message":"not found"}');
      return;
    }
    const signature = `sig${++serial}`;
    signatures.add(signature);
    world.secrets.add(signature);
    response.writeHead(303, { location: `${cdn.url}${url.pathname}?A-userid=x&Signature=${signature}` });
    response.end();
  });

  const cdn = await Loopback.start((request, response) => {
    const url = new URL(request.url!, cdn.url);
    if (request.headers.authorization !== undefined) {
      response.writeHead(400, { "content-type": "application/xml" });
      response.end(
        "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>",
      );
      return;
    }
    const bytes = world.files.get(url.pathname);
    if (bytes === undefined || !signatures.has(url.searchParams.get("Signature") ?? "")) {
      response.writeHead(403, { "content-type": "application/xml" });
      response.end("<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>");
      return;
    }
    cdn.sendFile(request, response, bytes);
  });

  const world: EarthdataWorld = {
    login,
    data,
    cdn,
    env: {
      GRANARY_EARTHDATA_URL: login.url,
      GRANARY_EARTHDATA_HOSTS: data.host,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    tokens: new Set(),
    nextToken: { token: "token-of-the-login-server-1", expires: "01/31/2099" },
    issued: [],
    keysLiveSeconds: 3600,
    termsMissing: new Set(),
    files: new Map(),
    fileUrl: (path) => `${data.url}${path}`,
    endpoint: (product) => `${data.url}/${product}/s3credentials`,
    secrets: new Set([PASSWORD, basic.slice(6)]),
    stop: async () => {
      await Promise.all([login.stop(), data.stop(), cdn.stop()]);
    },
  };
  Object.assign(world, { forgetSignatures: () => signatures.clear() });
  return world;
}

/** Signed addresses of the distribution host stop to hold. */
export function forgetSignatures(world: EarthdataWorld): void {
  (world as unknown as { forgetSignatures: () => void }).forgetSignatures();
}

/** An unsigned JSON Web Token that ends at a time, as its shape only. */
export function jwt(expiresAt: number): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_");
  return `${part({ typ: "JWT", alg: "RS256" })}.${
    part({ uid: USER, exp: Math.floor(expiresAt / 1000) })
  }.c2ln`;
}
