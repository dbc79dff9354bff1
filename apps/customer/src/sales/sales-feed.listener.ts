import { type FeedKind, SALES_CONSUMER, SALES_SUBJECTS, STREAMS } from '#contracts';
import { Broker, decodeJson, DurableConsumer, LOGGER, type Logger, systemContext } from '#platform';
import type { JsMsg } from '@nats-io/jetstream';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SalesFeedService } from './sales-feed.service.js';

const RETRY_MS = 2000;
const KINDS = new Map(Object.entries(SALES_SUBJECTS).map(([kind, subject]) => [subject as string, kind as FeedKind]));

/** The feed over NATS: the body is that of the REST feed, or one item. The same use case, so the same rules. */
@Injectable()
export class SalesFeedListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private consumer?: DurableConsumer;

  constructor(
    private readonly broker: Broker,
    private readonly dataSource: DataSource,
    private readonly feed: SalesFeedService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.consumer = new DurableConsumer(
      this.broker.connection,
      this.dataSource,
      {
        stream: STREAMS.SALES.name,
        name: SALES_CONSUMER,
        filterSubject: STREAMS.SALES.subjects[0],
        process: async (batch) => {
          for (const message of batch) await this.receive(message);
        },
      },
      this.logger,
    );
    this.consumer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.consumer?.stop();
  }

  /** What cannot be read or does not fit is kept as a rejection, so that the sales system's people can see it. */
  private async receive(message: JsMsg): Promise<void> {
    const kind = KINDS.get(message.subject);
    try {
      // NATS admits the sales system alone to these subjects; there is no person behind a message.
      if (kind) await this.feed.feed(systemContext(), kind, itemsOf(message));
      else this.logger.warn({ subject: message.subject }, 'nothing is fed under this subject');
      message.ack();
    } catch (err) {
      this.logger.warn({ err, subject: message.subject }, 'feed failed, will be tried again');
      message.nak(RETRY_MS);
    }
  }
}

function itemsOf(message: JsMsg): readonly unknown[] {
  let body: unknown;
  try {
    body = JSON.parse(decodeJson(message.data));
  } catch {
    return [message.string()];
  }
  const items = (body as { items?: unknown } | null)?.items;
  return Array.isArray(items) ? items : [body];
}
