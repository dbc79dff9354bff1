import type { Actor, ContributionRow, ReportQuery } from '#contracts';
import { formatMoney, escapeLike, fold, ProjectionLag } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { decodeCursor, encodeCursor, type Position } from './contribution.cursor.js';

type Row = Omit<ContributionRow, 'amount'> & { amount: string; name: string };
const FETCH = 1_000;
/** The row that a customer's contributions of all years are kept in beside those of each year. */
const ALL_YEARS = 0;

const NAME = `coalesce(c.name, '')`;

/** Currencies are never mixed: rows come currency by currency, also when they are sorted by amount. */
const ORDERS: Record<
  ReportQuery['sort'],
  { order: string; after: (add: (value: unknown) => string, at: Position) => string }
> = {
  '-amount': { order: 'r.currency, r.amount DESC, r.customer_id', after: (add, at) => afterAmount(add, at, '<') },
  amount: { order: 'r.currency, r.amount, r.customer_id', after: (add, at) => afterAmount(add, at, '>') },
  customerName: { order: `${NAME}, r.currency, r.customer_id`, after: (add, at) => afterName(add, at, '>') },
  '-customerName': { order: `${NAME} DESC, r.currency, r.customer_id`, after: (add, at) => afterName(add, at, '<') },
};

/** Order total, share and rank of each customer (REP-1). */
@Injectable()
export class ContributionQueries {
  constructor(
    private readonly db: DataSource,
    private readonly lag: ProjectionLag,
  ) {}

  /** One page. It goes on behind the last row's own place, so it neither repeats nor skips rows that stayed as they were. */
  async page(query: ReportQuery, actor: Actor) {
    const state = this.lag.current();
    const { rows: select, count, parameters, add } = this.report(query, actor);
    const total: Array<{ total: number }> | undefined = query.count
      ? await this.db.query(count, [...parameters])
      : undefined;
    const { order, after } = ORDERS[query.sort];
    const position = query.cursor === undefined ? 'true' : after(add, decodeCursor(query, query.cursor));
    const rows: Row[] = await this.db.query(
      `${select} AND ${position} ORDER BY ${order} LIMIT ${query.limit + 1}`,
      parameters,
    );
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    return {
      items: shown.map(toView),
      nextCursor: rows.length > shown.length && last ? encodeCursor(query, last) : null,
      ...(total && { total: total[0]!.total }),
      ...state,
    };
  }

  /** All rows as of one moment, read as the consumer takes them. */
  async *rows(query: ReportQuery, actor: Actor): AsyncGenerator<ContributionRow> {
    const { rows: select, parameters } = this.report(query, actor);
    const runner = this.db.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(`SET LOCAL idle_in_transaction_session_timeout = '5min'`);
      await runner.query(
        `DECLARE report NO SCROLL CURSOR FOR ${select} ORDER BY ${ORDERS[query.sort].order}`,
        parameters,
      );
      let rows: Row[];
      do {
        rows = await runner.query(`FETCH ${FETCH} FROM report`);
        yield* rows.map(toView);
      } while (rows.length === FETCH);
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
  }

  /**
   * Rank and share are taken over all customers that the person may see, before the name filter: who may read only their own
   * customers' figures must not be able to work out the whole company's from a share.
   */
  private report(query: ReportQuery, actor: Actor) {
    const parameters: unknown[] = [];
    const add = (value: unknown): string => `$${parameters.push(value)}`;
    const where = ['k.orders > 0', `k.year = ${add(query.year ?? ALL_YEARS)}`];
    if (query.currency !== undefined) where.push(`k.currency = ${add(query.currency)}`);
    where.push(
      actor.rights['report.read'] === 'all'
        ? 'NOT EXISTS (SELECT FROM customer d WHERE d.id = k.customer_id AND d.deleted)'
        : `EXISTS (SELECT FROM customer d WHERE d.id = k.customer_id AND NOT d.deleted AND d.owner_id = ${add(actor.id)})`,
    );
    // The rows are not materialized, so that both uses read the index in its order and the names of a page's rows alone are looked up;
    // the totals are: before its first ANALYZE PostgreSQL expects a single row, and would add up all of them anew for each.
    const report = `WITH visible AS NOT MATERIALIZED (
        SELECT k.customer_id, k.currency, k.amount FROM contribution k WHERE ${where.join(' AND ')}),
      total AS MATERIALIZED (SELECT currency, sum(amount) AS amount FROM visible GROUP BY currency),
      ranked AS (
        SELECT customer_id, currency, amount, (rank() OVER (PARTITION BY currency ORDER BY amount DESC))::int AS rank FROM visible)`;
    const select = `SELECT r.customer_id AS "customerId", c.name AS "customerName", ${NAME} AS name, r.currency, r.amount,
      r.rank, coalesce(round(r.amount / nullif(total.amount, 0), 8), 0)::float8 AS share`;
    const from = 'FROM ranked r JOIN total USING (currency) LEFT JOIN customer c ON c.id = r.customer_id';
    const folded = query.name === undefined ? '' : fold(query.name);
    const condition = folded === '' ? 'true' : `c.name_folded LIKE ${add(`%${escapeLike(folded)}%`)}`;
    return {
      count: `${report} SELECT count(*)::int AS total ${from} WHERE ${condition}`,
      rows: `${report} ${select} ${from} WHERE ${condition}`,
      parameters,
      add,
    };
  }
}

function afterAmount(
  add: (value: unknown) => string,
  { currency, amount, customerId }: Position,
  than: '<' | '>',
): string {
  const [c, a, id] = [add(currency), `${add(amount)}::numeric`, add(customerId)];
  return `(r.currency > ${c} OR r.currency = ${c} AND (r.amount ${than} ${a} OR r.amount = ${a} AND r.customer_id > ${id}))`;
}

function afterName(add: (value: unknown) => string, { name, currency, customerId }: Position, than: '<' | '>'): string {
  const [n, c, id] = [add(name), add(currency), add(customerId)];
  return `(${NAME} ${than} ${n} OR ${NAME} = ${n} AND (r.currency, r.customer_id) > (${c}, ${id}::uuid))`;
}

const toView = ({ customerId, customerName, currency, amount, share, rank }: Row): ContributionRow => ({
  customerId,
  customerName,
  currency,
  amount: formatMoney(amount, currency),
  share,
  rank,
});
