/**
 * What goes beside the archives: the install script, the container's file and conda's recipe. They are those of
 * `packaging/`, with the version, the archives' sums and the address of releases filled in.
 */
import fs from "node:fs";
import path from "node:path";

export interface Release {
  version: string;
  /** Where the archives will lie, without a slash at the end; empty where nobody knows. */
  address: string;
  /** SHA-256 of each file by its name. */
  sums: ReadonlyMap<string, string>;
}

/** Names of the files beside the archives, and of their texts in `packaging/`. */
const INSTALLERS: Readonly<Record<string, string>> = {
  "install.sh": "install.sh",
  "Containerfile": "Containerfile",
  "recipe.yaml": "conda/recipe.yaml",
};

/** Writes them into `out`. @returns the paths */
export function writeInstallers(root: string, out: string, release: Release): string[] {
  return Object.entries(INSTALLERS).map(([name, source]) => {
    const file = path.join(out, name);
    fs.writeFileSync(file, filledIn(fs.readFileSync(path.join(root, "packaging", source), "utf8"), release));
    if (name.endsWith(".sh")) fs.chmodSync(file, 0o755);
    return file;
  });
}

/**
 * The text with what it names between @ signs. A source of conda's recipe whose archive is not there is left
 * out. Throws where the address would not be a plain word of a shell.
 */
export function filledIn(text: string, { version, address, sums }: Release): string {
  if (!/^[\w.~:/+-]*$/.test(address)) throw new Error(`--releases ${address}: wanted a plain address`);
  return text
    .replace(/^ {2}- if: .*\n {4}then:\n.*\n.*"@SHA256:([\w-]+)@"\n/gm, (block, target) => {
      const sum = sums.get(`granary-${version}-${target}.tar.gz`);
      return sum === undefined ? "" : block.replace(`@SHA256:${target}@`, sum);
    })
    .replaceAll("@VERSION@", version)
    .replaceAll("@RELEASES@", address);
}
