import type { Actor, Bilingual } from '#contracts';
import { visibleTo, type Language, type ListPlan, type TableColumn } from '#platform';

/** One row of a file: texts and numbers by the names of its columns. */
export type FileRow = Record<string, string | number | null>;

export interface ExportColumn extends TableColumn<FileRow> {
  /** The dictionary that its codes are from. */
  readonly dictionary?: string;
  /** What people read for its values, where they are in no dictionary. */
  readonly values?: Readonly<Record<string, Bilingual>>;
}

/** A list as a file: where its rows come from, and what stands in them. */
export interface ExportTable {
  readonly name: string;
  readonly plan: ListPlan<unknown>;
  /** Joins behind those of the plan, for what the list itself does not show. */
  readonly joins: string;
  /** SQL on the aliases of the plan, for each column. */
  readonly select: Readonly<Record<string, string>>;
  readonly columns: readonly ExportColumn[];
  /** The columns that an import of the same records knows, by its names. */
  readonly imported: readonly string[];
}

/** Exported is what a person may both read and export; the right to export may reach less far. */
export function exportPlan({ plan, joins, select }: ExportTable, actor: Actor): ListPlan<FileRow> {
  const parameters: unknown[] = [];
  const readable = visibleTo(plan.policy!, actor, parameters);
  return {
    ...plan,
    from: `${plan.from} ${joins}`,
    select: Object.entries(select)
      .map(([name, sql]) => `${sql} AS "${name}"`)
      .join(', '),
    policy: { ...plan.policy!, readRight: 'customer.export' },
    where: { sql: `${plan.where?.sql ?? 'true'} AND ${readable}`, parameters },
    view: (row: FileRow) => row,
  };
}

/** Headings and labels in a language; or fields and codes, of the columns and in the order that an import takes. */
export function fileColumns({ columns, imported }: ExportTable, codes: boolean): ExportColumn[] {
  if (!codes) return [...columns];
  return imported.map((field) => ({
    ...columns.find((column) => column.field === field)!,
    label: { en: field, zh: field },
    dictionary: undefined,
    values: undefined,
  }));
}

/** Codes as people read them; one that is not known stays as it is. */
export async function* labelled(
  rows: AsyncIterable<FileRow>,
  columns: readonly ExportColumn[],
  labelOf: (dictionary: string, code: string) => string | undefined,
  language: Language,
): AsyncGenerator<FileRow> {
  const coded = columns.filter(({ dictionary, values }) => dictionary ?? values);
  for await (const row of rows) {
    for (const { field, dictionary, values } of coded) {
      const code = row[field];
      if (typeof code !== 'string') continue;
      row[field] = (dictionary ? labelOf(dictionary, code) : values![code]?.[language]) ?? code;
    }
    yield row;
  }
}

/** Instants and arrays as texts. */
export const instant = (sql: string): string => `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
export const list = (sql: string): string => `array_to_string(${sql}, ';')`;
export const YES_NO = { true: { en: 'yes', zh: '是' }, false: { en: 'no', zh: '否' } };
