/**
 * Compiles the kernels of `kernels/` (AssemblyScript) to WebAssembly, and writes `core/kernels/code.ts`, which holds
 * it as text.
 *
 *   deno run -A scripts/build_kernels.ts
 */
import fs from "node:fs";
import path from "node:path";
import asc from "assemblyscript/asc";

/** Where the code is kept, relative to the project's root. */
export const KERNEL_CODE = "core/kernels/code.ts";

const OPTIONS = [
  "kernels/index.ts",
  "--outFile",
  "kernels.wasm",
  "--optimizeLevel",
  "3",
  "--noAssert",
  "--importMemory",
  "--runtime",
  "stub",
  "--enable",
  "simd",
];

/** The text of {@linkcode KERNEL_CODE}. Throws what the compiler says. */
export async function kernelCode(root: string): Promise<string> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["--baseDir", root, ...OPTIONS], {
    writeFile: (_, contents) => {
      if (typeof contents !== "string") wasm = contents;
    },
  });
  if (error !== null || wasm === undefined) throw new Error(`${stderr}`);
  return "/** The kernels of `kernels/` as WebAssembly, in base64: made by scripts/build_kernels.ts. */\n" +
    `export const KERNEL_CODE =\n  "${wasm.toBase64()}";\n`;
}

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname!, "..");
  fs.writeFileSync(path.join(root, KERNEL_CODE), await kernelCode(root));
}
