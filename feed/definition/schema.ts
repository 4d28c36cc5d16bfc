/** The shape of a feed's YAML. */
import { z } from "zod";

const whole = z.number().int();
const duration = z.string().regex(/^\d+(\.\d+)?[smhd]$/, "wanted a number with s, m, h or d, such as 5d");
const date = z.union([z.string(), z.date()]);
const names = z.array(z.string().min(1)).min(1);

/** Where granules are heard of, by kind of service. */
const source = z.discriminatedUnion("from", [
  z.strictObject({
    from: z.literal("cdse"),
    url: z.string().optional(),
    download_url: z.string().optional(),
    token_url: z.string().optional(),
    collection: z.string().optional(),
    product_type: z.string().optional(),
    filter: z.string().optional(),
  }),
  z.strictObject({
    from: z.literal("cmr"),
    url: z.string().optional(),
    short_name: z.string().optional(),
    version: z.string().optional(),
    provider: z.string().optional(),
    concept_ids: names.optional(),
  }),
  z.strictObject({
    from: z.literal("stac"),
    url: z.string(),
    collections: names,
    time: z.enum(["updated", "published", "created", "datetime"]).optional(),
    token: z.string().regex(
      /^env:[A-Za-z_][A-Za-z0-9_]*$/,
      "wanted env:NAME (a secret never stands in the file)",
    ).optional(),
  }),
  z.strictObject({
    from: z.literal("s3"),
    prefix: z.string(),
    match: z.string().min(1).max(200).optional(),
    collection: z.string().optional(),
    provider: z.string().optional(),
    region: z.string().optional(),
    endpoint: z.string().optional(),
    access: z.enum(["signed", "unsigned", "requester-pays"]).optional(),
    reach: duration.optional(),
    granules: z.string().min(1).max(200).regex(/^[^/]+$/, 'wanted a name of folders, such as "*.SAFE"')
      .optional(),
    complete: z.array(z.string().min(1).max(200)).max(20).optional(),
    manifest: z.string().min(1).max(200).optional(),
    quiet: duration.optional(),
  }),
  z.strictObject({
    from: z.literal("local"),
    path: z.string().min(1),
    config: z.string().optional(),
    collection: z.string().optional(),
    provider: z.string().optional(),
  }),
]);

export const feedSchema = z.strictObject({
  feed: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "wanted letters, digits, dots and dashes"),
  source,
  follow: z.strictObject({
    start: date,
    settle: duration.optional(),
    deletions_every: duration.optional(),
    sweep_every: duration.optional(),
    poll: z.boolean().optional(),
  }),
  keep: z.strictObject({
    tiles: z.string().optional(),
    recent: duration.optional(),
    bbox: z.array(z.number()).length(4).optional(),
    polygon: z.string().optional(),
    cloud_at_most: z.number().min(0).max(100).optional(),
    where: z.string().min(1).max(10_000).optional(),
  }).optional(),
  ledger: z.string().optional(),
  exclusive: z.boolean().optional(),
  catalog: z.strictObject({
    to: z.string(),
    cell_order: whole.min(0).max(29).optional(),
  }).optional(),
  download: z.strictObject({
    to: z.string(),
    files: whole.min(1).max(16).optional(),
    attempts: whole.min(1).max(100).optional(),
    region: z.string().optional(),
    endpoint: z.string().optional(),
  }).optional(),
  push: z.strictObject({
    port: whole.min(0).max(65535).optional(),
    host: z.string().optional(),
    silent: duration.optional(),
    topics: z.array(
      z.string().regex(
        /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/,
        "wanted a topic such as arn:aws:sns:…",
      ),
    ).optional(),
  }).optional(),
});

export type FeedInput = z.infer<typeof feedSchema>;
