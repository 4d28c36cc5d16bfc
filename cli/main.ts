/** The program's entry: everything that it prints is written before it exits. */
import process from "node:process";
import { isLambdaRuntime } from "../runs/lambda/lambda_start.ts";
import { parseServed, SERVE_VARIABLE } from "../serve/lambda/served.ts";
import { startAgain } from "./start_again.ts";

const args = process.argv.slice(2);
startAgain(args);
const { runCommandLine } = await import("./run.ts");
process.exit(isLambdaRuntime(args) ? await serveLambda() : await runCommandLine(args));

async function serveLambda(): Promise<number> {
  const { serveLambda } = await import("../runs/lambda/lambda_runtime.ts");
  const warn = (message: string) => console.error(message);
  return await serveLambda(async () => {
    const served = process.env[SERVE_VARIABLE];
    if (served !== undefined) {
      const { ServeHandler } = await import("../serve/lambda/serve_handler.ts");
      return new ServeHandler(parseServed(served), warn, process.env);
    }
    const { LambdaHandler } = await import("../runs/lambda/lambda_handler.ts");
    const { JOB_KINDS } = await import("./jobs.ts");
    return new LambdaHandler(JOB_KINDS, warn);
  });
}
