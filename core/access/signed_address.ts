/** Addresses that hold a signature in their query: it is a credential, and one that ends within hours. */

/** Queries with one of these are signed, each by a service in its own way: */
const SIGNATURES: readonly { readonly by: RegExp; readonly of: RegExp }[] = [
  // Amazon S3 and Google Cloud Storage, in their newer ways,
  { by: /^x-amz-signature$/i, of: /^x-amz-/i },
  { by: /^x-goog-signature$/i, of: /^x-goog-/i },
  // Azure's shared access signatures,
  {
    by: /^sig$/i,
    of: /^(s[vsrpetd]|si|sig|sip|spr|sdd|ses|srt|rsc[cdelt]|sk(oid|tid|t|e|s|v)|saoid|suoid|scid)$/i,
  },
  // and CloudFront, Amazon S3, Google and Alibaba in their older ways.
  {
    by: /^signature$/i,
    of:
      /^(signature|expires|policy|key-pair-id|hash-algorithm|(aws|oss)accesskeyid|googleaccessid|(x-amz-)?security-token)$/i,
  },
];

/** The address without what signs it; undefined for one that is not signed. The rest stays character by character. */
export function withoutSignature(url: string): string | undefined {
  const [, bare, query, fragment] = /^(https?:\/\/[^?#]*)\?([^#]*)(#.*)?$/is.exec(url) ?? [];
  if (query === undefined) return undefined;
  const fields = query.split("&").map((field) => ({ field, name: nameOf(field) }));
  const way = SIGNATURES.find(({ by }) => fields.some(({ name }) => by.test(name)));
  if (way === undefined) return undefined;
  const kept = fields.filter(({ name }) => !way.of.test(name)).map(({ field }) => field).join("&");
  return `${bare}${kept === "" ? "" : `?${kept}`}${fragment ?? ""}`;
}

function nameOf(field: string): string {
  const name = field.split("=", 1)[0];
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // no escape of a URL's, and so no name of these
  }
}
