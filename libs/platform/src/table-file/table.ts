import type { Bilingual } from '#contracts';

/** A file of which any part can be read, and as often as one likes. */
export interface ByteSource {
  size(): Promise<number>;
  read(offset?: number): AsyncIterable<Buffer>;
}

/** One row, the header's included. */
export interface TableRow {
  /** Where it begins in the file: the first line is 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** It cannot be told what its cells are; `cells` then holds the line as it is. */
  readonly malformed?: Bilingual;
}

/** How a file is to be read. JSON: a job keeps it. */
export type TableFormat =
  | { readonly type: 'csv'; readonly encoding: string; readonly delimiter: string }
  | { readonly type: 'xlsx' };
