/**
 * moto's server: an S3 (with IAM and STS) that nobody here wrote. With `authenticate` it checks every
 * signature by botocore's rules against the keys that it made.
 */
import { type ChildProcess, spawn } from "node:child_process";
import net from "node:net";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { hasPeer } from "./python.ts";

export const hasMoto: boolean = hasPeer("moto", "flask");

export interface Moto {
  url: string;
  /** Keys of a user who may do everything. */
  keys: { accessKeyId: string; secretAccessKey: string };
  createBucket(name: string, region?: string): Promise<void>;
  /** From now on every request must be signed rightly. */
  authenticate(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const python = process.env.GRANARY_TEST_PYTHON!;
  const env = { ...process.env, AWS_EC2_METADATA_DISABLED: "true" };
  const child = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
    env,
  });
  try {
    await untilUp(url, child);
    const ask = async (form: Record<string, string>) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: scope("iam", "us-east-1") },
        body: new URLSearchParams({ Version: "2010-05-08", ...form }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`moto: ${form.Action} answered ${response.status} ${text}`);
      return text;
    };
    await ask({ Action: "CreateUser", UserName: "granary" });
    const answer = await ask({ Action: "CreateAccessKey", UserName: "granary" });
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    });
    await ask({ Action: "PutUserPolicy", UserName: "granary", PolicyName: "all", PolicyDocument });
    const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(answer)![1];
    return {
      url,
      keys: { accessKeyId: field("AccessKeyId"), secretAccessKey: field("SecretAccessKey") },
      createBucket: async (name, region = "us-west-2") => {
        const response = await fetch(`${url}/${name}`, {
          method: "PUT",
          headers: { authorization: scope("s3", region) },
          body:
            `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`,
        });
        if (!response.ok) throw new Error(`moto: the bucket was not made: ${await response.text()}`);
        await response.body?.cancel();
      },
      authenticate: async () => {
        const response = await fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: "0" });
        await response.body?.cancel();
      },
      stop: () => stopped(child),
    };
  } catch (error) {
    await stopped(child);
    throw error;
  }
}

function scope(service: string, region: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIASETUP/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function untilUp(url: string, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode} before it answered`);
    try {
      const response = await fetch(`${url}/moto-api/data.json`);
      await response.body?.cancel();
      if (response.ok) return;
    } catch (error) {
      // Not listening yet.
      if (!(error instanceof Error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("moto did not answer in 30 seconds");
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
