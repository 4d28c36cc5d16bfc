/** The profile files of the AWS tools: ~/.aws/config and ~/.aws/credentials. */
import fs from "node:fs";
import path from "node:path";
import { GranaryError, inputError, systemCode } from "../errors.ts";
import { type Environment, homeFolder } from "./token_store.ts";

/** Settings of one profile; those of nested sections are named `s3.addressing_style`. */
export type Profile = Readonly<Record<string, string>>;

/** Sections of an INI file as the AWS tools write it: `#` and `;` begin comments, indented lines nest. */
export function parseIni(text: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let section: Record<string, string> | undefined;
  let parent = "";
  for (const raw of text.split(/\r?\n/)) {
    if (/^\s*([#;].*)?$/.test(raw)) continue;
    const head = /^\s*\[\s*([^\]]+?)\s*\]/.exec(raw);
    if (head !== null) {
      const name = head[1].replace(/^profile\s+/, "").replace(/^"(.*)"$/, "$1");
      section = sections.get(name) ?? {};
      sections.set(name, section);
      parent = "";
      continue;
    }
    const pair = /^(\s*)([^=]+?)\s*=\s*(.*?)\s*$/.exec(raw);
    if (pair === null || section === undefined) continue;
    const value = pair[3].replace(/\s+[#;].*$/, "");
    if (pair[1] !== "" && parent !== "") {
      section[`${parent}.${pair[2]}`] = value;
      continue;
    }
    parent = value === "" ? pair[2] : "";
    section[pair[2]] = value;
  }
  return sections;
}

function readSections(file: string): Map<string, Record<string, string>> {
  try {
    return parseIni(fs.readFileSync(file, "utf8"));
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return new Map();
    throw new GranaryError(
      "credential",
      `${file}: cannot read (${code ?? "error"}); make it readable for you`,
      {
        cause: error,
      },
    );
  }
}

/** Where the AWS tools look for profiles, in the SDK's names. */
export function profileFiles(env: Environment): { filepath: string; configFilepath: string } {
  const folder = path.join(homeFolder(env), ".aws");
  return {
    filepath: env.AWS_SHARED_CREDENTIALS_FILE || path.join(folder, "credentials"),
    configFilepath: env.AWS_CONFIG_FILE || path.join(folder, "config"),
  };
}

/** The profile called `name`, from both files (credentials win); undefined where neither has it. */
function readProfile(env: Environment, name: string): Profile | undefined {
  const { filepath, configFilepath } = profileFiles(env);
  const config = readSections(configFilepath).get(name);
  const keys = readSections(filepath).get(name);
  return config === undefined && keys === undefined ? undefined : { ...config, ...keys };
}

/** The profile in use: AWS_PROFILE, or `default`. One that was asked for by name must exist. */
export function currentProfile(env: Environment): { name: string; profile: Profile } | undefined {
  const asked = env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE;
  const name = asked || "default";
  const profile = readProfile(env, name);
  if (profile === undefined && asked) {
    throw inputError(
      `AWS_PROFILE is "${asked}", and neither ~/.aws/config nor ~/.aws/credentials has that profile`,
    );
  }
  return profile === undefined ? undefined : { name, profile };
}

/** Whether a profile says where its keys come from; many set a region only. */
export function hasKeys(profile: Profile): boolean {
  return KEY_SETTINGS.some((name) => profile[name]);
}

const KEY_SETTINGS = [
  "aws_access_key_id",
  "role_arn",
  "credential_process",
  "sso_session",
  "sso_start_url",
  "login_session",
];

/** What a user can do when a profile gives no keys. */
export function profileAdvice(env: Environment, name: string): string {
  for (const [at, profile] of sources(env, name)) {
    if (profile.sso_start_url || profile.sso_session) return `run: aws sso login --profile ${at}`;
    if (profile.login_session) return `run: aws login --profile ${at}`;
    if (profile.credential_process) return "run its credential_process by hand to see why";
  }
  return "check the profile, the role's trust policy and the identity that asks";
}

/** Whether keys of a profile are given for a one-time code only. */
export function wantsCode(env: Environment, name: string): boolean {
  return [...sources(env, name).values()].some(({ mfa_serial }) => Boolean(mfa_serial));
}

/** Whether keys of a profile come from an endpoint of this machine's own: its container's, its instance's. */
export function asksMachine(env: Environment, name: string): boolean {
  return [...sources(env, name).values()].some(({ credential_source }) => Boolean(credential_source));
}

/** A profile, and those whose keys its role is assumed with. */
function sources(env: Environment, name: string): Map<string, Profile> {
  const found = new Map<string, Profile>();
  for (let at = name; at && !found.has(at);) {
    const profile = readProfile(env, at) ?? {};
    found.set(at, profile);
    at = profile.source_profile;
  }
  return found;
}
