/** Azurite: Azure's own emulator of its blob service, which checks every signature. */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import crypto from "node:crypto";
import net from "node:net";
import process from "node:process";

const PROGRAM = process.env.GRANARY_TEST_AZURITE ?? "";

export const hasAzurite: boolean = PROGRAM !== "";

/** The account that the emulator has, whose key its documentation prints. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export interface Azurite {
  /** The blob service's address, the account with it. */
  endpoint: string;
  /** Environments: with the account's key in a connection string, with a signature, with neither. */
  withKey: Record<string, string>;
  withSignature(permissions: string, end?: string): Record<string, string>;
  withNothing: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts it with empty containers of these names. */
export async function startAzurite(...containers: string[]): Promise<Azurite> {
  const port = await freePort();
  const args = ["--blobHost", "127.0.0.1", "--blobPort", String(port)];
  const child = spawn("node", [PROGRAM, ...args, "--silent", "--disableTelemetry", "--inMemoryPersistence"], {
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const account = { AZURE_STORAGE_ACCOUNT: ACCOUNT, AZURE_STORAGE_SERVICE_ENDPOINT: endpoint };
  const withSignature = (permissions: string, end = "2099-01-01T00:00:00Z") => ({
    ...account,
    AZURE_STORAGE_SAS_TOKEN: `?${signature(permissions, end)}`,
  });
  try {
    await untilUp(endpoint, child);
    for (const name of containers) {
      const made = await fetch(
        `${endpoint}/${name}?restype=container&${signature("rwdlac", "2099-01-01T00:00:00Z")}`,
        {
          method: "PUT",
        },
      );
      if (made.status !== 201) {
        throw new Error(`azurite: ${name} answered ${made.status} ${await made.text()}`);
      }
      await made.body?.cancel();
    }
  } catch (error) {
    child.kill();
    throw error;
  }
  return {
    endpoint,
    withKey: {
      AZURE_STORAGE_CONNECTION_STRING:
        `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${endpoint};`,
    },
    withSignature,
    withNothing: account,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill();
      }),
  };
}

/** An account's shared access signature, as Azure's documentation says it is made. */
function signature(permissions: string, end: string): string {
  const fields = { sv: "2021-08-06", ss: "b", srt: "sco", sp: permissions, se: end, spr: "https,http" };
  const text = [ACCOUNT, fields.sp, fields.ss, fields.srt, "", fields.se, "", fields.spr, fields.sv, "", ""]
    .join("\n");
  const sig = crypto.createHmac("sha256", Buffer.from(KEY, "base64")).update(text).digest("base64");
  return new URLSearchParams({ ...fields, sig }).toString();
}

async function untilUp(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`azurite ended with ${child.exitCode}`);
    try {
      await (await fetch(url)).body?.cancel();
      return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("azurite did not come up in 30 s");
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
