/** Tells Lambda's way of starting the program from a user's; apart, because every start asks it. */
import path from "node:path";
import process from "node:process";

/** Whether this process was started as a Lambda function's runtime. */
export function isLambdaRuntime(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
  program: string = process.execPath,
): boolean {
  if (env.AWS_LAMBDA_RUNTIME_API === undefined) return false;
  return path.basename(program) === "bootstrap" || args.length === 0;
}
