import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Actor, CrmError, type SimilarQuery, type SimilarTextQuery, type SimilarTicket } from '#contracts';
import { type Page, readSql, type Tx, visibleTo } from '#platform';
import { searchTerms } from './search-terms.js';
import { type Commonness, chooseTerms } from './term-choice.js';
import type { Ticket } from './ticket.entity.js';
import { ticketPolicy } from './ticket.policy.js';
import { TICKET_COLUMNS, TICKET_FROM } from './ticket.view.js';

/** The first ones of a long text say what it is about. */
const MOST_TERMS = 200;
/** So many are compared term by term: those that have the most of the chosen ones, or the newest. */
const MOST_COMPARED = 500;

const COMMONNESS = `
  SELECT c.reltuples AS tickets, s.most_common_elem_freqs[cardinality(e.terms) + 1] AS least,
         ARRAY(SELECT COALESCE(m.frequency, 0)
                 FROM unnest($1::text[]) WITH ORDINALITY AS w (term, place)
                 LEFT JOIN unnest(e.terms, s.most_common_elem_freqs) AS m (term, frequency) USING (term)
                ORDER BY w.place) AS frequencies
    FROM pg_stats s
    JOIN pg_class c ON c.oid = 'ticket_terms'::regclass
   CROSS JOIN LATERAL (SELECT s.most_common_elems::text::text[] AS terms) e
   WHERE s.schemaname = current_schema AND s.tablename = 'ticket_terms' AND s.attname = 'terms'`;

/** A ticket that was archived is found from now on by whoever looks for similar ones. */
export async function keepTerms(tx: Tx, { id, archivedAt, summary, request, handling }: Ticket): Promise<void> {
  const terms = searchTerms(summary, request, handling);
  await tx.query(`INSERT INTO ticket_terms (ticket_id, archived_at, terms) VALUES ($1, $2, $3)`, [
    id,
    archivedAt,
    terms,
  ]);
}

/** The solutions of the past that are closest to a request (SVC-6). */
@Injectable()
export class SimilarTickets {
  constructor(private readonly db: DataSource) {}

  /** To a ticket in any state. @throws CrmError not-found when it is not there or the person may not see it */
  async of(id: string, { limit }: SimilarQuery, actor: Actor): Promise<Page<SimilarTicket>> {
    const parameters: unknown[] = [id];
    const visible = visibleTo(ticketPolicy, actor, parameters);
    const [ticket]: { summary: string; request: string }[] = await this.db.query(
      `SELECT t.summary, t.request FROM ticket t WHERE t.id = $1 AND ${visible}`,
      parameters,
    );
    if (!ticket) throw new CrmError('not-found');
    return this.closest(searchTerms(ticket.summary, ticket.request), limit, actor, id);
  }

  to({ text, limit }: SimilarTextQuery, actor: Actor): Promise<Page<SimilarTicket>> {
    return this.closest(searchTerms(text), limit, actor);
  }

  private async closest(all: string[], limit: number, actor: Actor, except?: string): Promise<Page<SimilarTicket>> {
    const terms = all.slice(0, MOST_TERMS);
    const { rare, common, weights } = chooseTerms(terms, await this.commonness(terms));
    const compare = async (looked: readonly string[], found: (seen: string) => string): Promise<SimilarTicket[]> => {
      if (looked.length === 0) return [];
      const parameters: unknown[] = [looked, terms, weights, limit, except ?? null];
      const seen = seenBy(actor, parameters);
      const sql = closestOf(found(seen), seen);
      return readSql<SimilarTicket>(this.db.manager, sql, parameters, false);
    };
    const items = await compare(rare, withRareTerm);
    return { items: items.length > 0 ? items : await compare(common, newestWithTerm), nextCursor: null };
  }

  /** Nothing is known of a table that is small or new: all terms count alike then. */
  private async commonness(terms: readonly string[]): Promise<Commonness> {
    const [known]: Commonness[] = await this.db.query(COMMONNESS, [terms]);
    return known ?? { tickets: 0, frequencies: terms.map(() => 0), least: 0 };
  }
}

/** What is archived is not deleted any more: for who sees everything, no ticket has to be looked at. */
function seenBy(actor: Actor, parameters: unknown[]): string {
  const another = 'a.ticket_id IS DISTINCT FROM $5::uuid';
  const visible = visibleTo(ticketPolicy, actor, parameters);
  if (visible === ticketPolicy.alive) return another;
  return `${another} AND EXISTS (SELECT FROM ticket t WHERE t.id = a.ticket_id AND ${visible})`;
}

/** All that have a rare term, found by the terms' index one term after the other; who may see them comes after. */
const withRareTerm = () => `
  SELECT a.ticket_id, a.archived_at, sum(a.weight) AS known
    FROM unnest($1::text[]) AS r (term)
    JOIN unnest($2::text[], $3::float8[]) AS w (term, weight) USING (term)
   CROSS JOIN LATERAL (SELECT a.ticket_id, a.archived_at, w.weight FROM ticket_terms a WHERE a.terms @> ARRAY[r.term]) a
   GROUP BY a.ticket_id, a.archived_at`;

/** The newest that have one of the terms: these are so common that there are enough of them soon. */
const newestWithTerm = (seen: string) => `
  SELECT a.ticket_id, a.archived_at, 0 AS known FROM ticket_terms a WHERE a.terms && $1::text[] AND ${seen}
   ORDER BY a.archived_at DESC, a.ticket_id DESC LIMIT ${MOST_COMPARED}`;

const closestOf = (found: string, seen: string) => `
  WITH found AS MATERIALIZED (${found}),
  compared AS (
    SELECT a.ticket_id FROM found a WHERE ${seen}
     ORDER BY a.known DESC, a.archived_at DESC, a.ticket_id DESC LIMIT ${MOST_COMPARED}),
  closest AS (
    SELECT c.ticket_id,
           (SELECT sum(w.weight) FROM ticket_terms a CROSS JOIN LATERAL unnest(a.terms) AS d (term)
              JOIN unnest($2::text[], $3::float8[]) AS w (term, weight) USING (term) WHERE a.ticket_id = c.ticket_id) AS score
      FROM compared c ORDER BY score DESC, ticket_id DESC LIMIT $4)
  SELECT ${TICKET_COLUMNS}, round(closest.score::numeric, 3)::float8 AS score
    FROM closest JOIN (${TICKET_FROM}) ON t.id = closest.ticket_id
   ORDER BY closest.score DESC, t.id DESC`;
