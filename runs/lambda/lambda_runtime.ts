/**
 * Lambda's custom runtime: asks the runtime API for the next invocation, answers it, and again, for as long
 * as the environment lives (AWS Lambda developer guide, "Using the Lambda runtime API").
 */
import http from "node:http";
import process from "node:process";
import { Buffer } from "node:buffer";
import { lambdaError } from "./lambda_handler.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const VERSION = "2018-06-01";

/** Lambda's own limit for an event is 6 MB; ours are a line. */
const MOST_EVENT_BYTES = 8 * 1024 * 1024;

/** What answers events. */
interface EventHandler {
  /** The answer to an event, as JSON. What it throws is the invocation's error. */
  handle(event: Uint8Array, deadlineMs: number): Promise<string>;
  close(): Promise<void>;
}

/** Serves invocations until the runtime API goes away. @returns the exit code */
export async function serveLambda(
  makeHandler: () => EventHandler | Promise<EventHandler>,
  env: Environment = process.env,
): Promise<number> {
  const api = env.AWS_LAMBDA_RUNTIME_API!;
  let handler: EventHandler | undefined;
  try {
    handler = await makeHandler();
    for (;;) {
      const next = await ask(api, "GET", "invocation/next");
      if (next.status !== 200) throw new Error(`the runtime API answered ${next.status} to invocation/next`);
      const id = next.headers["lambda-runtime-aws-request-id"];
      if (typeof id !== "string") throw new Error("the runtime API gave an invocation without an id");
      const trace = next.headers["lambda-runtime-trace-id"];
      if (typeof trace === "string") process.env._X_AMZN_TRACE_ID = trace;
      const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
      const place = `invocation/${encodeURIComponent(id)}`;
      try {
        const answer = await handler.handle(next.body, deadline > 0 ? deadline : Date.now() + 60_000);
        await ask(api, "POST", `${place}/response`, answer);
      } catch (error) {
        const reported = lambdaError(error);
        console.error(`${reported.errorType}: ${reported.errorMessage}`);
        await ask(api, "POST", `${place}/error`, JSON.stringify(reported), {
          "lambda-runtime-function-error-type": reported.errorType,
        });
      }
    }
  } catch (error) {
    // Outside of an invocation: the environment is of no use, and Lambda makes another.
    const reported = lambdaError(error);
    console.error(`${reported.errorType}: ${reported.errorMessage}`);
    await ask(api, "POST", "init/error", JSON.stringify(reported), {
      "lambda-runtime-function-error-type": reported.errorType,
    }).catch(() => undefined); // the API itself may be what is gone
    return 1;
  } finally {
    await handler?.close();
  }
}

interface ApiAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Uint8Array;
}

/** One exchange with the runtime API. It waits as long as it takes: between invocations time stands still. */
function ask(
  api: string,
  method: "GET" | "POST",
  what: string,
  body = "",
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const request = http.request(`http://${api}/${VERSION}/runtime/${what}`, {
      method,
      headers: method === "GET" ? {} : {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(body)),
        ...headers,
      },
    }, (response) => {
      const parts: Uint8Array[] = [];
      let bytes = 0;
      response.on("data", (part: Uint8Array) => {
        parts.push(part);
        bytes += part.length;
        if (bytes > MOST_EVENT_BYTES) {
          request.destroy(new Error(`an answer of more than ${MOST_EVENT_BYTES} bytes`));
        }
      });
      response.on(
        "end",
        () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          }),
      );
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}
