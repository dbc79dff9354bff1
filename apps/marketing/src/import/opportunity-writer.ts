import { type RowResult, together, type Tx } from '#platform';
import { Opportunity, type Past } from '../opportunity/opportunity.entity.js';
import { lockExternalIds } from '../opportunity/opportunity.service.js';
import { copyActs } from '../opportunity/opportunity.timeline.js';
import type { OpportunityRow } from './opportunity-row.js';

interface Row {
  readonly line: number;
  readonly data: OpportunityRow;
}
interface New {
  readonly line: number;
  readonly data: OpportunityRow;
  readonly opportunity: Opportunity;
}

/**
 * Stores the opportunities of a chunk with their events and timelines, in as few statements as for one. One whose external id is there,
 * or that says all the same without one, is known already; the first of the file wins.
 * @returns what became of each row
 */
export async function writeOpportunities(tx: Tx, jobId: string, rows: readonly Row[]): Promise<RowResult[]> {
  if (rows.length === 0) return [];
  await lockExternalIds(tx);
  const codes = await knownCodes(tx, rows);
  const fresh = rows.filter(({ data }) => {
    const isFresh = !codes.has(keyOf(data));
    if (isFresh) codes.set(keyOf(data), '');
    return isFresh;
  });
  const made = await store(tx, jobId, fresh);
  const byLine = new Map(made.map((each) => [each.line, each]));
  for (const { data, opportunity } of made) codes.set(keyOf(data), opportunity.code);
  return rows.map(({ line, data }) => ({
    line,
    ...(byLine.has(line) ? { recordId: byLine.get(line)!.opportunity.id } : {}),
    details: { outcome: byLine.has(line) ? 'created' : 'known', code: codes.get(keyOf(data))! },
  }));
}

const keyOf = ({ input, fingerprint }: OpportunityRow): string => fingerprint ?? `id ${input.externalId}`;

/** The codes of those that are there, by what the rows are known by. */
async function knownCodes(tx: Tx, rows: readonly Row[]): Promise<Map<string, string>> {
  const known = await tx.query<{ key: string; code: string }>(
    `SELECT 'id ' || external_id AS key, code FROM opportunity WHERE external_id = ANY ($1)
     UNION ALL SELECT import_key, code FROM opportunity WHERE import_key = ANY ($2)`,
    [rows.flatMap(({ data }) => data.input.externalId ?? []), rows.flatMap(({ data }) => data.fingerprint ?? [])],
  );
  return new Map(known.map(({ key, code }) => [key, code]));
}

async function store(tx: Tx, jobId: string, rows: readonly Row[]): Promise<New[]> {
  const codes = await tx.nextCodes('opportunity', rows.length);
  const made: New[] = [];
  for (const [index, { line, data }] of rows.entries()) {
    const { opportunity, events } = Opportunity.imported(data.input, codes[index]!, data.past);
    tx.publish(...events);
    made.push({ line, data, opportunity });
  }
  const keys = new Map(made.map(({ opportunity, data }) => [opportunity.id, data.fingerprint]));
  await together([
    tx.insertAll(
      made.map(({ opportunity }) => opportunity),
      { import_key: ({ id }) => keys.get(id) },
    ),
    copyActs(
      tx,
      made.flatMap(({ line, data, opportunity }) => actsOf(opportunity.id, data.past, { jobId, line })),
    ),
  ]);
  return made;
}

/** MKT-10: the past that the file tells of, of which nobody knows who did it, and that somebody brought it in. */
function actsOf(recordId: string, { creatorId, createdAt, assigned, closed }: Past, origin: object) {
  const entry = (act: 'assigned' | 'won' | 'lost', at: Date, details: object) => ({
    recordId,
    act,
    at: at.toISOString(),
    actorId: null,
    details: { ...details, ...origin },
  });
  return [
    { recordId, act: 'created' as const, at: createdAt.toISOString(), actorId: creatorId, details: origin },
    ...(assigned ? [entry('assigned', assigned.at, { from: null, to: assigned.to })] : []),
    ...(closed ? [entry(closed.status, closed.at, closed.reason === null ? {} : { reason: closed.reason })] : []),
    { recordId, act: 'imported' as const, details: origin },
  ];
}
