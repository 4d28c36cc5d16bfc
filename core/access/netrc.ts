/** The netrc file: user name and password of one machine. */
import fs from "node:fs";
import { GranaryError, systemCode } from "../errors.ts";

interface NetrcLogin {
  login: string;
  password: string;
}

/** Words of a netrc file: quoted ones may hold blanks, `#` at the start of a word begins a comment. */
function words(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      if (match[2]?.startsWith("#") && !/^(password|login|account)$/.test(found.at(-1) ?? "")) break;
      found.push(match[2] ?? match[1].replace(/\\(.)/g, "$1"));
    }
    // An empty line ends a macro.
    if (line.trim() === "") found.push("");
  }
  return found;
}

/** The entry of `machine`; `default` entries are not taken, since they would go to any host. */
export function parseNetrc(text: string, machine: string): NetrcLogin | undefined {
  let at: string | undefined;
  let entry: Partial<NetrcLogin> = {};
  let found: NetrcLogin | undefined;
  const keep = () => {
    if (found === undefined && at === machine && entry.login !== undefined && entry.password !== undefined) {
      found = { login: entry.login, password: entry.password };
    }
  };
  const list = words(text);
  for (let i = 0; i < list.length; i++) {
    switch (list[i]) {
      case "machine":
        keep();
        at = list[++i];
        entry = {};
        break;
      case "default":
        keep();
        at = undefined;
        entry = {};
        break;
      case "login":
      case "user":
        entry.login = list[++i];
        break;
      case "password":
      case "passwd":
        entry.password = list[++i];
        break;
      case "account":
        i++;
        break;
      case "macdef":
        while (i < list.length && list[i] !== "") i++;
        break;
    }
  }
  keep();
  return found;
}

/** The same from a file; undefined where there is none. */
export function readNetrc(file: string, machine: string): NetrcLogin | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw new GranaryError(
      "credential",
      `${file}: cannot read (${systemCode(error) ?? "error"}); make it readable for you`,
      {
        cause: error,
      },
    );
  }
  return parseNetrc(text, machine);
}
