/**
 * An emulator of Lambda on the loopback: the runtime API for each environment, which is a process of the
 * binary named `bootstrap`, and the service's Invoke with throttles and time-outs.
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { bareEnvironment, placedBinary, temporaryFolder } from "./binary.ts";

export interface Answer {
  /** The function's own error, in the runtime's form, or the service's word for its end. */
  functionError?: string;
  body: Record<string, unknown>;
  coldStart: boolean;
}

interface Pending {
  id: string;
  event: string;
  deadline: number;
  resolve(answer: Answer): void;
}

/** One environment: a process and the runtime API that it asks. */
class Sandbox {
  readonly child: ChildProcess;
  readonly #server: http.Server;
  #waiting: Parameters<http.RequestListener>[1] | undefined;
  #pending: Pending | undefined;
  #served = 0;
  stderr = "";
  dead = false;

  private constructor(server: http.Server, bootstrap: string, env: Record<string, string>) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.child = spawn(bootstrap, [], {
      env: bareEnvironment({ ...env, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` }),
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr!.on("data", (data: Uint8Array) => this.stderr += Buffer.from(data).toString());
    this.child.on("exit", () => {
      this.dead = true;
      this.#settle({ functionError: "Unhandled", body: { errorType: "Runtime.ExitError" } });
    });
  }

  static async start(bootstrap: string, env: Record<string, string>): Promise<Sandbox> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const sandbox = new Sandbox(server, bootstrap, env);
    server.on(
      "request",
      ((request, response) =>
        sandbox.#serve(request, response).catch((error) => sandbox.#cut(error))) as http.RequestListener,
    );
    return sandbox;
  }

  get idle(): boolean {
    return this.#pending === undefined && !this.dead;
  }

  invoke(event: string, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      this.#pending = { id: crypto.randomUUID(), event, deadline: Date.now() + timeoutMs, resolve };
      const timer = setTimeout(() => {
        this.#settle({
          functionError: "Unhandled",
          body: { errorMessage: `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds` },
        });
        this.dead = true;
        this.child.kill("SIGKILL");
      }, timeoutMs);
      const { resolve: settle } = this.#pending;
      this.#pending.resolve = (answer) => {
        clearTimeout(timer);
        settle(answer);
      };
      this.#give();
    });
  }

  #settle(answer: Omit<Answer, "coldStart">): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#served += pending === undefined ? 0 : 1;
    pending?.resolve({ ...answer, coldStart: this.#served === 1 });
  }

  #give(): void {
    if (this.#waiting === undefined || this.#pending === undefined) return;
    this.#waiting.writeHead(200, {
      "lambda-runtime-aws-request-id": this.#pending.id,
      "lambda-runtime-deadline-ms": String(this.#pending.deadline),
      "lambda-runtime-trace-id": "Root=1-0-0",
    });
    this.#waiting.end(this.#pending.event);
    this.#waiting = undefined;
  }

  /** A process that is killed may leave a request half sent. */
  #cut(error: unknown): void {
    if (!this.dead) throw error;
  }

  async #serve(...[request, response]: Parameters<http.RequestListener>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    const [, version, what, ...rest] = request.url!.split("/");
    if (version !== "2018-06-01" || what !== "runtime") return void response.writeHead(404).end();
    if (rest.join("/") === "invocation/next") {
      this.#waiting = response;
      return this.#give();
    }
    const [, id, verdict] = rest;
    if (id !== this.#pending?.id) return void response.writeHead(403).end();
    const body = JSON.parse(Buffer.concat(parts).toString());
    response.writeHead(202).end("{}");
    if (verdict === "response") this.#settle({ body });
    else this.#settle({ functionError: "Unhandled", body });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await new Promise<void>((resolve) => {
        this.child.once("exit", () => resolve());
        this.child.kill("SIGKILL");
      });
    }
  }
}

export interface EmulatorOptions {
  env?: Record<string, string>;
  /** Environments at the same time; more invocations are throttled. */
  most?: number;
  /** The time limit of invocation n, in milliseconds. */
  timeoutMs?: (n: number) => number;
  memoryMegabytes?: number;
  /** What every invocation is billed, in milliseconds. */
  billedMs?: number;
}

export class LambdaEmulator {
  readonly #options: Required<EmulatorOptions>;
  readonly #bootstrap: string;
  #sandboxes: Sandbox[] = [];
  #server: http.Server | undefined;
  invocations = 0;
  throttled = 0;
  timedOut = 0;
  coldStarts = 0;
  /** Headers of the last Invoke. */
  headers: Record<string, string | string[] | undefined> = {};

  constructor(options: EmulatorOptions = {}) {
    this.#options = {
      env: {},
      most: 4,
      timeoutMs: () => 60_000,
      memoryMegabytes: 1024,
      billedMs: 1500,
      ...options,
    };
    this.#bootstrap = path.join(temporaryFolder("granary-lambda-"), "bootstrap");
    try {
      fs.linkSync(placedBinary(), this.#bootstrap);
    } catch {
      fs.copyFileSync(placedBinary(), this.#bootstrap); // another file system
    }
  }

  /** Invokes without the service: what its environment answers. Undefined is a throttle. */
  async invoke(event: unknown, timeoutMs?: number): Promise<Answer | undefined> {
    this.#sandboxes = this.#sandboxes.filter((sandbox) => !sandbox.dead);
    let sandbox = this.#sandboxes.find(({ idle }) => idle);
    if (sandbox === undefined) {
      if (this.#sandboxes.length >= this.#options.most) return undefined;
      sandbox = await Sandbox.start(this.#bootstrap, {
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(this.#options.memoryMegabytes),
        ...this.#options.env,
      });
      this.#sandboxes.push(sandbox);
    }
    const n = this.invocations++;
    const text = typeof event === "string" ? event : JSON.stringify(event);
    const answer = await sandbox.invoke(text, timeoutMs ?? this.#options.timeoutMs(n));
    if (answer.coldStart) this.coldStarts += 1;
    if (/timed out/.test(String(answer.body.errorMessage))) this.timedOut += 1;
    return answer;
  }

  /** The service's address, for AWS_ENDPOINT_URL_LAMBDA. */
  async listen(): Promise<string> {
    const server = this.#server = http.createServer((request, response) =>
      void this.#serve(request, response)
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #serve(...[request, response]: Parameters<http.RequestListener>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    this.headers = request.headers;
    if (request.url !== "/2015-03-31/functions/granary/invocations") {
      return void response.writeHead(404, { "x-amzn-errortype": "ResourceNotFoundException" }).end("{}");
    }
    const answer = await this.invoke(Buffer.concat(parts).toString());
    if (answer === undefined) {
      this.throttled += 1;
      return void response.writeHead(429, { "x-amzn-errortype": "TooManyRequestsException" }).end("{}");
    }
    const { billedMs, memoryMegabytes } = this.#options;
    const log =
      `START\nREPORT RequestId: 1\tDuration: 1.00 ms\tBilled Duration: ${billedMs} ms\tMemory Size: ` +
      `${memoryMegabytes} MB\tMax Memory Used: 99 MB${
        answer.coldStart ? "\tInit Duration: 300.00 ms" : ""
      }\n`;
    response.writeHead(200, {
      "x-amz-log-result": Buffer.from(log).toString("base64"),
      ...(answer.functionError === undefined ? {} : { "x-amz-function-error": answer.functionError }),
    });
    response.end(JSON.stringify(answer.body));
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    for (const sandbox of this.#sandboxes) await sandbox.stop();
  }
}
