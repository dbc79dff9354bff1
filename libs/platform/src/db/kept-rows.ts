import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { runSql } from './sql.js';

/** A row of a local copy, by its columns: all that the copy's event tells of it. */
export type KeptRow = Readonly<Record<string, unknown>> & { readonly id: string };

/** Gathers the rows of local copies that events worked on side by side write: one statement for a hundred costs a fraction of a hundred. */
export class KeptRows {
  private readonly gathered = new Map<string, { rows: KeptRow[]; written: Promise<unknown> }>();

  constructor(private readonly manager: EntityManager) {}

  /** Over the row of that id, where there is one. Two of one id must not be on their way at a time. */
  async keep(table: string, row: KeptRow): Promise<void> {
    const columns = Object.keys(row);
    const kind = [table, ...columns].join();
    let batch = this.gathered.get(kind);
    if (!batch) {
      const rows: KeptRow[] = [];
      batch = { rows, written: nextTurn().then(() => this.write(kind, table, columns, rows)) };
      this.gathered.set(kind, batch);
    }
    batch.rows.push(row);
    await batch.written;
  }

  private write(kind: string, table: string, columns: readonly string[], rows: readonly KeptRow[]): Promise<unknown> {
    this.gathered.delete(kind);
    const others = columns.filter((column) => column !== 'id').map((column) => `${column} = excluded.${column}`);
    return runSql(
      this.manager,
      `INSERT INTO ${table} (${columns.join(', ')})
         SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, $1) ORDER BY id
       ON CONFLICT (id) DO UPDATE SET ${others.join(', ')}`,
      [JSON.stringify(rows)],
    );
  }
}
