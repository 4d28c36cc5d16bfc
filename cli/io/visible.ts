/** Control characters shown as escapes: names, values and words of faults come from files that others wrote. */

export function visible(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** The same of a message, whose lines and tabs stay. */
export function visibleMessage(text: string): string {
  return text.split(/([\n\t])/).map((part, i) => i % 2 === 1 ? part : visible(part)).join("");
}
