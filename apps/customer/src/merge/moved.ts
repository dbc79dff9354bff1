import type { CustomerStatus, MovedKind, Right } from '#contracts';
import type { Tx } from '#platform';

/** A record that a merge moved, with what it was before. */
export interface Moved {
  readonly id: string;
  readonly before: {
    readonly isPrimary?: boolean;
    /** Of the survivor, before it took over an open alert. */
    readonly status?: CustomerStatus;
    /** Of an alert that stayed behind, because the survivor had an open one. */
    readonly measures?: readonly string[];
  };
}

/** One kind of record that hangs on customers. Each moved record tells of it by an event of its own (ADR 17). */
export interface Belongings {
  readonly kind: MovedKind;
  /** What people know one by, as SQL on its table. */
  readonly label: string;
  readonly table: string;
  /** Who holds it for all is shown some of them; others are told how many. Default: everybody who may see the customer. */
  readonly shownBy?: Right;
  move(tx: Tx, fromId: string, toId: string): Promise<Moved[]>;
  /** Gives back to `toId` what a merge moved and the survivor `fromId` still has. */
  giveBack(tx: Tx, fromId: string, toId: string, moved: readonly Moved[]): Promise<void>;
}
