/** The program's entry: everything that it prints is written before it exits. */
import process from "node:process";
import { runCommandLine } from "./run.ts";

process.exit(await runCommandLine(process.argv.slice(2)));
