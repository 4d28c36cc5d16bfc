/** Names and words of files that run granary elsewhere, as the systems that read them want them. */

/** Files by their names. */
export type DeployedFiles = Readonly<Record<string, string>>;

/** `OMTO3d.003` as `omto3d-003`: a part of names everywhere. */
export function deploymentName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50) || "dataset";
}

/** A command as a crontab holds it, where % would end the line. */
export function crontabLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ").replaceAll("%", "\\%");
}

/** A word as a shell reads it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A word of ExecStart: quoted, with what systemd would put values for doubled. */
export function systemdWord(word: string): string {
  const safe = systemdText(word).replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `"${safe.replace(/["\\]/g, "\\$&")}"`;
}

/** A text in a unit file. */
export function systemdText(text: string): string {
  return text.replaceAll("%", "%%").replace(/[\r\n]/g, " ");
}
