/** The source of a definition, and what reads its notices. */
import { fetchProduct } from "../../catalog/discover/odata/odata.ts";
import { createFootprinter } from "../../catalog/discover/draft/footprinter.ts";
import { type HttpIo, requestText } from "../../catalog/discover/draft/http_text.ts";
import type { GranuleLayout } from "../../catalog/discover/files/local_granules.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { asText } from "../../core/json_value.ts";
import type { RowCondition } from "../../catalog/query/row_condition.ts";
import type { FeedDefinition, SourceDefinition } from "../definition/parse.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { Offer } from "../ledger/register.ts";
import type { FollowSource } from "../follow/source.ts";
import { readCdseNotice } from "./cdse_notice.ts";
import { cmrSource } from "./cmr.ts";
import { readCmrNotice } from "./cmr_notice.ts";
import { conditionedOffers, conditionedSource } from "./conditioned.ts";
import { type Confirmation, type Letter, objectEvents, openEnvelope } from "./envelope.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { s3Source } from "./s3.ts";
import { localSource } from "./local.ts";
import type { NoticeContent, NoticeReader } from "./notice.ts";
import { odataSource } from "./odata.ts";
import { fileTasks, type OfferMaker, offerOf, productTasks } from "./offer.ts";
import type { RowTest } from "./row_test.ts";
import { itemOffer, stacSource } from "./stac.ts";

export interface SourceContext {
  io: HttpIo;
  test: RowTest;
  /** What granules have to fulfil besides the test. */
  condition: RowCondition | undefined;
  env: Readonly<Record<string, string | undefined>>;
  warn: (message: string) => void;
  /** Granules that a service is asked for at once; default what each gives at most. */
  pageSize?: number | undefined;
  /** Where observations lie in local files, by the config that the definition names. */
  layout: (config: string | undefined) => (collections: readonly (string | null)[]) => GranuleLayout;
}

export interface OpenedSource {
  source: FollowSource;
  readNotice: NoticeReader;
  /** Offers again what the source said before, under the feed's rules of now. */
  offerAgain(rows: readonly LeftOutRow[]): Promise<Offer[]>;
  close?: () => Promise<void>;
}

/** A granule that was left out. */
interface LeftOutRow {
  sourceId: string;
  changed: number;
  revised: number;
  row: GranuleRow;
}

type LetterReader = (letter: Letter, received: number) => NoticeContent | Promise<NoticeContent>;

export function openSource(definition: FeedDefinition, context: SourceContext): OpenedSource {
  const { source, download, cellOrder, push } = definition;
  const tasks = source.from === "cdse" ? productTasks : fileTasks;
  const maker: OfferMaker = {
    footprinter: createFootprinter(cellOrder),
    test: context.test,
    download: download === undefined ? () => [] : tasks,
  };
  const { followed, read, close } = bySource(source, maker, cellOrder, context);
  const { condition } = context;
  return {
    source: condition === undefined ? followed : conditionedSource(followed, condition),
    ...(close === undefined ? {} : { close }),
    async offerAgain(rows) {
      const offers = rows.map(({ row, sourceId, ...times }) => offerOf(row, sourceId, times, maker));
      return condition === undefined ? offers : await conditionedOffers(offers, condition);
    },
    async readNotice(body, received) {
      const opened = openEnvelope(body);
      if (!("subscribeUrl" in opened)) {
        const content = await read(opened, received);
        if (condition === undefined) return content;
        return { ...content, offers: await conditionedOffers(content.offers, condition) };
      }
      await confirm(opened, push.topics, context.io);
      return { offers: [], deletions: [] };
    },
  };
}

function bySource(
  source: SourceDefinition,
  maker: OfferMaker,
  cellOrder: number,
  { io, env, layout, pageSize, warn }: SourceContext,
): { followed: FollowSource; read: LetterReader; close?: () => Promise<void> } {
  const paged = pageSize === undefined ? {} : { pageSize };
  switch (source.from) {
    case "cdse": {
      const { url, downloadUrl, collection, productType, filter } = source;
      const offers = { downloadUrl, query: { collection, productType, filter }, maker };
      return {
        followed: odataSource({ url, io, ...offers, ...paged }),
        read: ({ message }) => readCdseNotice(message, offers, (id) => fetchProduct(io, url, id)),
      };
    }
    case "cmr": {
      const followed = cmrSource({ url: source.url, query: source.query, io, maker, ...paged });
      return { followed, read: (letter, received) => readCmrNotice(letter, received, followed) };
    }
    case "stac": {
      const token = source.tokenName === undefined ? undefined : env[source.tokenName];
      if (source.tokenName !== undefined && !token) {
        throw new GranaryError(
          "credential",
          `${source.tokenName} is not set (the feed's source asks for it)`,
        );
      }
      const authorized = token === undefined ? io : { ...io, authorization: `Bearer ${token}` };
      const followed = stacSource({ ...source, io: authorized, maker, ...paged });
      const read: LetterReader = ({ message }) => {
        if (message.type !== "Feature") throw inputError("no STAC item");
        if (!source.collections.includes(asText(message.collection) ?? "")) {
          throw inputError(`an item of collection "${asText(message.collection)}", which is not followed`);
        }
        const offer = itemOffer(message, {}, { time: source.time, maker });
        if (offer === null) throw inputError(`an item without id or "${source.time}"`);
        return { offers: [offer], deletions: [] };
      };
      return { followed, read };
    }
    case "s3": {
      const opener = new SourceOpener({
        env,
        ...(io.signal === undefined ? {} : { signal: io.signal }),
        warn,
      });
      const followed = s3Source({ definition: source, opener, maker, signal: io.signal });
      return {
        followed,
        read: ({ message }) => followed.read(objectEvents(message)),
        close: () => opener.close(),
      };
    }
    case "local":
      return {
        followed: localSource({
          ...source,
          layout: layout(source.config),
          cellOrder,
          maker,
          signal: io.signal,
        }),
        read: () => {
          throw inputError("a folder sends no notices");
        },
      };
  }
}

/** Only a topic that the definition names is confirmed, and only at Amazon's own address. */
async function confirm({ topic, subscribeUrl }: Confirmation, topics: readonly string[], io: HttpIo) {
  if (!topics.includes(topic)) {
    throw inputError(`topic ${topic} asks to be confirmed, and push.topics does not name it`);
  }
  const url = URL.canParse(subscribeUrl) ? new URL(subscribeUrl) : null;
  const isAmazons = url !== null && url.protocol === "https:" && url.port === "" && url.username === "" &&
    /^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(url.hostname);
  if (!isAmazons || url.searchParams.get("TopicArn") !== topic) {
    throw inputError(`topic ${topic} asks to be confirmed at an address that is not Amazon's`);
  }
  await requestText({ ...io, authorization: undefined }, { url: url.href, asked: `confirming ${topic}` });
}
