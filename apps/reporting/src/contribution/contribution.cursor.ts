import { CrmError, Id, type ReportQuery } from '#contracts';
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The place of a row in any of the report's orders. */
const Position = z.object({
  name: z.string().refine((name) => !name.includes('\0')),
  currency: z.string().regex(/^[A-Z]{3}$/),
  amount: z.string().regex(/^\d{1,23}(\.\d{1,4})?$/),
  customerId: Id,
});
export type Position = z.infer<typeof Position>;

const Cursor = z.tuple([z.string(), Position]);

export function encodeCursor(query: ReportQuery, row: Position): string {
  return Buffer.from(JSON.stringify([fingerprint(query), Position.parse(row)])).toString('base64url');
}

/** @throws CrmError 400 `invalid-cursor` when it was not made for the same sort and filters */
export function decodeCursor(query: ReportQuery, cursor: string): Position {
  try {
    const [of, position] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (of === fingerprint(query)) return position;
  } catch {
    // Falls through to the refusal.
  }
  throw new CrmError('invalid-cursor');
}

const fingerprint = ({ sort, year, name, currency }: ReportQuery): string =>
  createHash('sha256')
    .update(JSON.stringify([sort, year, name, currency]))
    .digest('base64url')
    .slice(0, 16);
