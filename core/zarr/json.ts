/** JSON in which a bigint is a number with all its digits. */

/** Indented by two, with a final newline. Throws a TypeError for what JSON cannot say. */
export function stringifyJson(value: unknown): string {
  const integers: string[] = [];
  // A private-use character marks the places, so that no text of the document can look like one.
  const text = JSON.stringify(
    value,
    (_, item) => {
      if (typeof item === "bigint") {
        integers.push(item.toString());
        return `\uE000${integers.length - 1}\uE000`;
      }
      return typeof item === "string" ? item.replaceAll("\uE000", "\uFFFD") : item;
    },
    2,
  );
  return text.replace(/"\uE000(\d+)\uE000"/g, (_, index) => integers[Number(index)]) + "\n";
}
