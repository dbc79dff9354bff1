import {
  ActivityRecorded,
  ActivityRemoved,
  ActivityUpdated,
  CrmError,
  FOLLOW_UP_NEEDS_DATE,
  type ActivityChanges,
  type ActivityInput,
  type ActivityView,
  type DataOf,
  type NewEvent,
} from '#contracts';
import { searchText } from '#platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import { differences, newValues, type Differences } from '../timeline/differences.js';

/** What went on with a customer (CUS-4, 交往记录): a visit, a call, and what to do next. */
@Entity('activity')
export class Activity {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid') readonly customerId!: string;
  @Column('int') readonly version!: number;
  @Column('date') readonly date!: string;
  @Column('text') readonly kind!: string;
  @Column('text', { nullable: true }) readonly place!: string | null;
  @Column('text') readonly summary!: string;
  @Column('text', { nullable: true }) readonly detail!: string | null;
  @Column('text', { nullable: true }) readonly participants!: string | null;
  @Column('uuid', { nullable: true }) readonly contactId!: string | null;
  @Column('date', { nullable: true }) readonly nextFollowUpDate!: string | null;
  @Column('text', { nullable: true }) readonly nextFollowUpTodo!: string | null;
  @Column('uuid') readonly authorId!: string;
  @Column('timestamptz') readonly createdAt!: Date;
  @Column('text') readonly searchText!: string;

  static record(customerId: string, input: ActivityInput, authorId: string): Activity {
    return Object.assign(new Activity(), {
      id: v7(),
      customerId,
      version: 1,
      date: input.date,
      kind: input.kind,
      place: input.place ?? null,
      summary: input.summary,
      detail: input.detail ?? null,
      participants: input.participants ?? null,
      contactId: input.contactId ?? null,
      nextFollowUpDate: input.nextFollowUpDate ?? null,
      nextFollowUpTodo: input.nextFollowUpTodo ?? null,
      authorId,
      createdAt: new Date(),
    }).complete();
  }

  recorded(): NewEvent {
    return ActivityRecorded.of(this.id, this.facts());
  }

  /** Undefined when it is so already. */
  edit(changes: ActivityChanges): { event: NewEvent; changed: Differences } | undefined {
    const changed = differences<Activity>(this, changes);
    if (Object.keys(changed).length === 0) return undefined;
    Object.assign(this, newValues(changed)).complete();
    return { event: ActivityUpdated.of(this.id, this.facts()), changed };
  }

  /** Its customer was merged into another, or such a merge was undone (CUS-6). */
  moveTo(customerId: string): NewEvent {
    Object.assign(this, { customerId });
    return ActivityUpdated.of(this.id, this.facts());
  }

  removed(): NewEvent {
    return ActivityRemoved.of(this.id, this.facts());
  }

  /** What the timeline says of it, besides what happened. */
  get gist() {
    return { activityId: this.id, date: this.date, kind: this.kind, summary: this.summary };
  }

  view(customerName: string): ActivityView {
    const { searchText: _searched, createdAt, ...fields } = this;
    return { ...fields, customerName, createdAt: createdAt.toISOString() };
  }

  /** Checks what spans fields, and renews what follows from them. */
  private complete(): this {
    if (this.nextFollowUpTodo !== null && this.nextFollowUpDate === null)
      throw new CrmError('validation-failed', {}, [
        { path: 'nextFollowUpDate', code: 'custom', message: FOLLOW_UP_NEEDS_DATE },
      ]);
    const { summary, detail, participants, place } = this;
    return Object.assign(this, { searchText: searchText(summary, detail, participants, place) });
  }

  private facts(): DataOf<typeof ActivityRecorded> {
    const { id, customerId, date, kind, summary, contactId, authorId, nextFollowUpDate } = this;
    return { activityId: id, customerId, date, kind, summary, contactId, authorId, nextFollowUpDate };
  }
}
