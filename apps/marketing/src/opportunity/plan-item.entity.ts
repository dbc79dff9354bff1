import {
  CrmError,
  type NewEvent,
  PlanItemAdded,
  PlanItemChanged,
  type PlanItemChanges,
  PlanItemExecuted,
  type PlanItemInput,
  PlanItemRemoved,
  type PlanItemView,
} from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';

/** One dated step of a development plan (客户开发计划). With a result it stays as it is for good (MKT-5). */
@Entity()
export class PlanItem {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('int') readonly version!: number;
  @Column('uuid') readonly opportunityId!: string;
  @Column('date') readonly date!: string;
  @Column('text') readonly todo!: string;
  @Column('text', { nullable: true }) readonly result!: string | null;
  @Column('timestamptz', { nullable: true }) readonly executedAt!: Date | null;

  static plan(opportunityId: string, input: PlanItemInput): PlanItem {
    return Object.assign(new PlanItem(), {
      id: v7(),
      version: 1,
      opportunityId,
      ...input,
      result: null,
      executedAt: null,
    });
  }

  added(): NewEvent {
    return PlanItemAdded.of(this.opportunityId, this.facts());
  }

  /** Undefined when it is so already. */
  change(changes: PlanItemChanges): NewEvent | undefined {
    this.requireOpen();
    const { date = this.date, todo = this.todo } = changes;
    if (date === this.date && todo === this.todo) return undefined;
    Object.assign(this, { date, todo });
    return PlanItemChanged.of(this.opportunityId, this.facts());
  }

  remove(): NewEvent {
    this.requireOpen();
    return PlanItemRemoved.of(this.opportunityId, this.facts());
  }

  execute(result: string): NewEvent {
    this.requireOpen();
    Object.assign(this, { result, executedAt: new Date() });
    return PlanItemExecuted.of(this.opportunityId, { ...this.facts(), result });
  }

  /** As it is while the opportunity is developed. */
  view(): PlanItemView {
    const { id, version, date, todo, result, executedAt } = this;
    const status = result === null ? 'open' : 'carried_out';
    return { id, version, status, date, todo, result, executedAt: executedAt?.toISOString() ?? null };
  }

  private requireOpen(): void {
    if (this.result !== null) throw new CrmError('plan-item-executed');
  }

  private facts() {
    const { id: planItemId, opportunityId, date, todo } = this;
    return { opportunityId, planItemId, date, todo };
  }
}

/** What decides whether the plan is carried out. */
export type Planned = Pick<PlanItem, 'id' | 'date' | 'todo' | 'result'>;
