/** The program's entry: everything that it prints is written before it exits. */
import process from "node:process";
import { isLambdaRuntime } from "../runs/lambda/lambda_start.ts";
import { runCommandLine } from "./run.ts";

const args = process.argv.slice(2);
process.exit(isLambdaRuntime(args) ? await serveLambda() : await runCommandLine(args));

async function serveLambda(): Promise<number> {
  const { serveLambda } = await import("../runs/lambda/lambda_runtime.ts");
  const { JOB_KINDS } = await import("./jobs.ts");
  return await serveLambda(JOB_KINDS);
}
