import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import { copyRows } from './copy.js';
import { runSql } from './sql.js';

type EntityType<E> = new () => E;
type Column = EntityMetadata['columns'][number];

const quoted = (name: string): string => `"${name}"`;
/** pg writes a JavaScript array as an array of PostgreSQL, which json is not. */
const valueOf = ({ type, propertyName }: Column, record: ObjectLiteral): unknown => {
  const value: unknown = record[propertyName];
  return (type === 'json' || type === 'jsonb') && value !== null && value !== undefined ? JSON.stringify(value) : value;
};
const given = (metadata: EntityMetadata, record: ObjectLiteral): Column[] =>
  metadata.columns.filter(({ propertyName }) => record[propertyName] !== undefined);

const selectAll = ({ columns, tableName }: EntityMetadata): string => {
  const all = columns.map(({ databaseName, propertyName }) => `${quoted(databaseName)} AS ${quoted(propertyName)}`);
  return `SELECT ${all.join(', ')} FROM ${quoted(tableName)}`;
};

/**
 * The first record whose columns have these values (null: none), locked until the transaction ends; but for its key: rows that
 * refer to it may come meanwhile.
 */
export async function findLocked<E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityType<E>,
  where: { readonly [K in keyof E]?: E[K] | null },
): Promise<E | null> {
  const metadata = manager.dataSource.getMetadata(entity);
  const values: unknown[] = [];
  const conditions = given(metadata, where).map((column) => {
    const value = valueOf(column, where);
    return `${quoted(column.databaseName)} ${value === null ? 'IS NULL' : `= $${values.push(value)}`}`;
  });
  const [row] = await runSql<ObjectLiteral>(
    manager,
    `${selectAll(metadata)} WHERE ${conditions.join(' AND ')} LIMIT 1 FOR NO KEY UPDATE`,
    values,
  );
  return row ? Object.assign(new entity(), row) : null;
}

/** Those of the ids that there are, locked in the order of their ids until the transaction ends. */
export async function findAllLocked<E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityType<E>,
  ids: readonly string[],
): Promise<E[]> {
  const sql = `${selectAll(manager.dataSource.getMetadata(entity))} WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`;
  const rows = await runSql<ObjectLiteral>(manager, sql, [ids]);
  return rows.map((row) => Object.assign(new entity(), row));
}

/** `also`: columns of the table that are no part of the record. */
export async function insertRecord(
  manager: EntityManager,
  record: ObjectLiteral,
  also: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const metadata = manager.dataSource.getMetadata(record.constructor);
  const columns = given(metadata, record);
  const names = [...columns.map(({ databaseName }) => databaseName), ...Object.keys(also)];
  await runSql(
    manager,
    `INSERT INTO ${quoted(metadata.tableName)} (${names.map(quoted).join(', ')})
     VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    [...columns.map((column) => valueOf(column, record)), ...Object.values(also)],
  );
}

/** Writes all columns of the record back. */
export async function updateRecord(
  manager: EntityManager,
  record: ObjectLiteral & { readonly id: string },
): Promise<void> {
  const metadata = manager.dataSource.getMetadata(record.constructor);
  const columns = given(metadata, record).filter(({ isPrimary }) => !isPrimary);
  await runSql(
    manager,
    `UPDATE ${quoted(metadata.tableName)} SET ${columns.map(({ databaseName }, index) => `${quoted(databaseName)} = $${index + 2}`).join(', ')} WHERE id = $1`,
    [record.id, ...columns.map((column) => valueOf(column, record))],
  );
}

/** Writes many new records of one kind, each with all of its columns. */
export async function copyRecords<E extends ObjectLiteral>(
  manager: EntityManager,
  records: readonly E[],
  also: Readonly<Record<string, (record: E) => unknown>> = {},
): Promise<void> {
  if (records.length === 0) return;
  const { columns, tableName } = manager.dataSource.getMetadata(records[0]!.constructor);
  const more = Object.values(also);
  await copyRows(
    manager,
    tableName,
    [...columns.map(({ databaseName }) => databaseName), ...Object.keys(also)],
    records.map((record) => [
      ...columns.map((column) => valueOf(column, record)),
      ...more.map((valueFor) => valueFor(record)),
    ]),
  );
}
