/** How another process on another machine runs this same program. */
import path from "node:path";
import process from "node:process";

/** The words that start granary as it was started here: the binary, or a runtime with the program's file. */
export function ownCommand(): string[] {
  const runtime = path.basename(process.execPath);
  if (!/^(deno|bun|node)\d*$/.test(runtime)) return [process.execPath];
  const program = path.resolve(process.argv[1]);
  return runtime.startsWith("deno")
    ? [process.execPath, "run", "--allow-all", program]
    : [process.execPath, program];
}
