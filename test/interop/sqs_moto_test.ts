/** Messages of a queue by a server that nobody here wrote: received, kept, and only then deleted. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { SourceOpener } from "../../core/access/open.ts";
import { parseFeed } from "../../feed/definition/parse.ts";
import { Deadline } from "../../feed/follow/deadline.ts";
import { emptyInbox } from "../../feed/notices/inbox.ts";
import { consumeQueue } from "../../feed/notices/sqs.ts";
import { openFeed } from "../../feed/open.ts";
import { feedContext } from "../support/feed_context.ts";
import { stacItem } from "../support/follow_servers.ts";
import { hasMoto, startMoto } from "../support/moto.ts";

Deno.test({
  name:
    "a queue is emptied once: items become rows, what is no item stays as bad, nothing is left in the queue",
  ignore: !hasMoto,
  fn: async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-sqs-"));
    const moto = await startMoto();
    const call = async (action: string, body: Record<string, unknown>) => {
      const signer = new AwsV4Signer({
        url: moto.url,
        method: "POST",
        headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
        body: JSON.stringify(body),
        ...moto.keys,
        service: "sqs",
        region: "us-west-2",
      });
      const response = await fetch(await signer.sign().then(({ url, ...init }) => new Request(url, init)));
      assert.equal(response.status, 200, await response.clone().text());
      return await response.json();
    };
    const yaml = `
feed: items
source: {from: stac, url: "http://127.0.0.1:9/", collections: [TEST]}
follow: {start: 2026-01-01}
`;
    const feed = await openFeed(parseFeed(yaml, path.join(folder, "feed.yaml")), feedContext());
    const opener = new SourceOpener({
      env: {
        HOME: folder,
        AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
        AWS_REGION: "us-west-2",
        AWS_EC2_METADATA_DISABLED: "true",
      },
    });
    try {
      const { QueueUrl } = await call("CreateQueue", { QueueName: "news" });
      await moto.authenticate();
      for (let i = 0; i < 23; i += 1) {
        const item = stacItem({
          id: `item-${i % 20}`,
          updated: Date.UTC(2026, 1, 1),
          observed: Date.UTC(2026, 1, 1),
        });
        const message = { Type: "Notification", TopicArn: "arn:aws:sns:x", Message: JSON.stringify(item) };
        await call("SendMessage", { QueueUrl, MessageBody: i === 22 ? "no json" : JSON.stringify(message) });
      }
      const total = { news: 0, bad: 0 };
      const messages = await consumeQueue(feed, {
        url: QueueUrl,
        opener,
        deadline: new Deadline(Date.now() + 60_000),
        untilEmpty: true,
        onKept: async () => {
          const { news, bad } = await emptyInbox(feed);
          total.news += news;
          total.bad += bad;
        },
      });
      assert.deepEqual([messages, total], [23, { news: 20, bad: 1 }]);
      const { Attributes } = await call("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
      assert.equal(Attributes.ApproximateNumberOfMessages, "0");
      assert.equal(Attributes.ApproximateNumberOfMessagesNotVisible, "0");
      await assert.rejects(
        consumeQueue(feed, {
          url: QueueUrl,
          opener: new SourceOpener({
            env: {
              HOME: folder,
              AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
              AWS_SECRET_ACCESS_KEY: "wrong",
              AWS_REGION: "us-west-2",
              AWS_EC2_METADATA_DISABLED: "true",
            },
          }),
          deadline: new Deadline(Infinity),
          untilEmpty: true,
        }),
        (error: Error) => /refused \(403\)/.test(error.message) && !error.message.includes("wrong"),
      );
    } finally {
      await opener.close();
      await feed.close();
      await moto.stop();
      fs.rmSync(folder, { recursive: true });
    }
  },
});
