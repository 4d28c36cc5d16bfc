/** Text of the XML answers of S3, Google and Azure. */
import type { HttpReply } from "./http.ts";

/** The `<Code>` of an error. */
export function errorCode(reply: HttpReply): string | undefined {
  if (reply.status < 300 || reply.body.length === 0) return undefined;
  return /<Code>([A-Za-z0-9._-]{1,80})<\/Code>/.exec(new TextDecoder().decode(reply.body))?.[1];
}

export function unescapeXml(text: string): string {
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (all, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return names[name] ?? all;
  });
}
