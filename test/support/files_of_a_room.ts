/** The tests of the files that GRANARY_TEST_FILES names, a line each: what they share is loaded once. */
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const files = process.env.GRANARY_TEST_FILES ?? "";
for (const file of files.split("\n")) await import(pathToFileURL(path.resolve(file)).href);
