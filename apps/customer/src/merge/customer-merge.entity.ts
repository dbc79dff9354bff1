import { CrmError } from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import type { Taken } from './merge.rules.js';

/** One customer that was merged into another (CUS-6): by whom, what the survivor took over, and whether it was undone. */
@Entity('customer_merge')
export class CustomerMerge {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid') readonly mergedId!: string;
  @Column('uuid') readonly intoId!: string;
  @Column('uuid', { nullable: true }) readonly mergedBy!: string | null;
  @Column('timestamptz') readonly mergedAt!: Date;
  @Column('uuid', { nullable: true }) readonly undoneBy!: string | null;
  @Column('timestamptz', { nullable: true }) readonly undoneAt!: Date | null;
  @Column('jsonb') readonly taken!: Taken;

  static of(mergedId: string, intoId: string, mergedBy: string, taken: Taken): CustomerMerge {
    return Object.assign(new CustomerMerge(), {
      id: v7(),
      mergedId,
      intoId,
      mergedBy,
      mergedAt: new Date(),
      undoneBy: null,
      undoneAt: null,
      taken,
    });
  }

  undo(undoneBy: string): void {
    if (this.undoneAt !== null) throw new CrmError('merge-undone');
    Object.assign(this, { undoneBy, undoneAt: new Date() });
  }
}
