import {
  CrmError,
  minorUnit,
  type NewEvent,
  OpportunityAssigned,
  type OpportunityChanges,
  OpportunityCreated,
  OpportunityDeleted,
  type OpportunityInput,
  OpportunityLinked,
  OpportunityLost,
  type OpportunityStatus,
  OpportunityUpdated,
  type OpportunityView,
  OpportunityWon,
} from '#contracts';
import { formatMoney, searchText } from '#platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import { EDITABLE, type Field, FIELDS, type Move, MOVES } from './opportunity.rules.js';
import { opportunityView } from './opportunity.view.js';
import type { Planned } from './plan-item.entity.js';

/** What an edit changes, field by field. */
export type Differences = Partial<Record<Field, { from: unknown; to: unknown }>>;

export type NewOpportunity = OpportunityInput & { readonly stage: string };

/** What an import tells of a record's life before (MKT-9). */
export interface Past {
  readonly creatorId: string;
  readonly createdAt: Date;
  readonly assigned?: { readonly to: string; readonly at: Date };
  readonly closed?: { readonly status: 'won' | 'lost'; readonly at: Date; readonly reason: string | null };
}

/** A company that may become a customer (销售机会), from the first notice to the win or the loss. */
@Entity()
export class Opportunity {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('int') readonly version!: number;
  @Column('text') readonly status!: OpportunityStatus;
  @Column('text') readonly stage!: string;
  @Column('text', { nullable: true }) readonly source!: string | null;
  @Column('text') readonly customerName!: string;
  @Column('text') readonly summary!: string;
  @Column('text') readonly description!: string;
  @Column('text', { nullable: true }) readonly customerNeed!: string | null;
  @Column('text', { nullable: true }) readonly competitors!: string | null;
  @Column('text', { nullable: true }) readonly region!: string | null;
  @Column('int') readonly successRate!: number;
  @Column('numeric', { precision: 19, scale: 4, nullable: true }) readonly expectedAmount!: string | null;
  @Column('text', { nullable: true }) readonly currency!: string | null;
  @Column('date', { nullable: true }) readonly expectedCloseDate!: string | null;
  @Column('text', { nullable: true }) readonly contactName!: string | null;
  @Column('text', { nullable: true }) readonly contactPhone!: string | null;
  @Column('uuid') readonly creatorId!: string;
  @Column('timestamptz') readonly createdAt!: Date;
  @Column('uuid', { nullable: true }) readonly assigneeId!: string | null;
  @Column('timestamptz', { nullable: true }) readonly assignedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) readonly closedAt!: Date | null;
  @Column('text', { nullable: true }) readonly closeReason!: string | null;
  @Column('uuid', { nullable: true }) readonly customerId!: string | null;
  /** The customer that it became, where that one was merged and `customerId` stands for it. */
  @Column('uuid', { nullable: true }) readonly becameId!: string | null;
  @Column('text', { nullable: true }) readonly externalId!: string | null;
  @Column('text') readonly searchText!: string;

  static create(input: NewOpportunity, code: string, creatorId: string, createdAt = new Date()): Opportunity {
    const given = Object.fromEntries(FIELDS.map((field) => [field, input[field] ?? null]));
    return Object.assign(new Opportunity(), given, {
      id: v7(),
      code,
      version: 1,
      status: 'unassigned',
      creatorId,
      createdAt,
      assigneeId: null,
      assignedAt: null,
      closedAt: null,
      closeReason: null,
      customerId: null,
      becameId: null,
      externalId: input.externalId ?? null,
    }).complete();
  }

  /** MKT-9: with its past, of which the events tell move by move; a win needs no plan here. */
  static imported(input: NewOpportunity, code: string, past: Past): { opportunity: Opportunity; events: NewEvent[] } {
    const { creatorId, createdAt, assigned, closed } = past;
    const opportunity = Opportunity.create(input, code, creatorId, createdAt);
    const events = [opportunity.created()];
    if (assigned) events.push(opportunity.give(assigned.to, assigned.at));
    if (closed) events.push(opportunity.close(closed.status === 'won' ? 'win' : 'lose', closed.at, closed.reason));
    return { opportunity, events };
  }

  /** Whose it is: the creator's while unassigned, the assignee's after. */
  get ownerId(): string {
    return this.assigneeId ?? this.creatorId;
  }

  created(): NewEvent {
    return OpportunityCreated.of(this.id, this.facts());
  }

  /** The fields of `changes` that are not so already. */
  differences(changes: OpportunityChanges): Differences {
    const now = this.view();
    const currency = changes.currency === undefined ? this.currency : changes.currency;
    const differences: Differences = {};
    for (const field of FIELDS) {
      const given = changes[field];
      if (given === undefined) continue;
      const to = field === 'expectedAmount' && given !== null ? formatMoney(String(given), currency) : given;
      if (to !== now[field]) differences[field] = { from: now[field], to };
    }
    return differences;
  }

  /** Takes over the changed facts (MKT-3); undefined when all of them are so already. */
  edit(changes: OpportunityChanges): NewEvent | undefined {
    const editable = EDITABLE[this.status];
    const closed = editable.length === 0;
    const touched = Object.keys(closed ? changes : this.differences(changes)) as Field[];
    const refused = touched.filter((field) => !editable.includes(field));
    if (closed || refused.length > 0) throw this.readOnly(refused);
    if (touched.length === 0) return undefined;
    Object.assign(this, Object.fromEntries(touched.map((field) => [field, changes[field]]))).complete();
    return OpportunityUpdated.of(this.id, this.facts());
  }

  /** Gives it to one person, or from one to another (MKT-4); undefined when that person has it already. */
  assign(assigneeId: string): NewEvent | undefined {
    this.nextStatus('assign');
    return assigneeId === this.assigneeId ? undefined : this.give(assigneeId, this.now());
  }

  /** The development succeeded: there was a plan and every step of it was carried out (MKT-6). */
  win(plan: readonly Planned[]): NewEvent {
    this.nextStatus('win');
    const open = plan.filter(({ result }) => result === null);
    if (plan.length === 0 || open.length > 0)
      throw new CrmError(
        'open-plan-items',
        { items: open.map(({ date, todo }) => `${date} ${todo}`) },
        open.map(({ id, todo }) => ({ path: `planItems.${id}`, code: 'open', message: todo })),
      );
    return this.close('win', this.now(), null);
  }

  /** The development failed; open steps stay on record as not carried out (MKT-7). */
  lose(reason: string): NewEvent {
    return this.close('lose', this.now(), reason);
  }

  /** Notes the customer that it became; undefined when it knows one already. */
  linkTo(customerId: string): NewEvent | undefined {
    if (this.status !== 'won') throw this.refusal('link');
    if (this.customerId !== null) return undefined;
    Object.assign(this, { customerId });
    return OpportunityLinked.of(this.id, { opportunityId: this.id, customerId });
  }

  /** Another customer stands for the one that it became (CUS-6); undefined when it is so already. */
  follow(customerId: string): NewEvent | undefined {
    if (this.customerId === null || this.customerId === customerId) return undefined;
    const became = this.becameId ?? this.customerId;
    Object.assign(this, { customerId, becameId: became === customerId ? null : became });
    return OpportunityLinked.of(this.id, { opportunityId: this.id, customerId });
  }

  delete(): NewEvent {
    if (this.status !== 'unassigned') throw this.refusal('delete');
    return this.takeBack();
  }

  /** Of an import that is undone (MKT-9): whatever its status, it should not have come in. */
  takeBack(): NewEvent {
    return OpportunityDeleted.of(this.id, { opportunityId: this.id, code: this.code });
  }

  /** The plan is worked on only while somebody develops the opportunity (MKT-5). */
  requireDevelopment(): void {
    if (this.status !== 'assigned') throw this.refusal('plan');
  }

  view(): OpportunityView {
    return opportunityView({
      ...this,
      createdAt: this.createdAt.toISOString(),
      assignedAt: this.assignedAt?.toISOString() ?? null,
      closedAt: this.closedAt?.toISOString() ?? null,
    });
  }

  private give(assigneeId: string, assignedAt: Date): NewEvent {
    const previousAssigneeId = this.assigneeId;
    this.move('assign', { assigneeId, assignedAt });
    return OpportunityAssigned.of(this.id, { ...this.facts(), previousAssigneeId });
  }

  private close(move: 'win' | 'lose', closedAt: Date, closeReason: string | null): NewEvent {
    this.move(move, { closedAt, closeReason });
    return (move === 'win' ? OpportunityWon : OpportunityLost).of(this.id, this.facts());
  }

  private move(move: Move, changes: object): void {
    Object.assign(this, { status: this.nextStatus(move), ...changes });
  }

  private nextStatus(move: Move): OpportunityStatus {
    const next = MOVES[this.status][move];
    if (!next) throw this.refusal(move);
    return next;
  }

  /** Copies of the service have clocks of their own; nothing happens before what went ahead of it. */
  private now(): Date {
    return new Date(Math.max(Date.now(), Number(this.assignedAt ?? this.createdAt)));
  }

  private refusal(move: string): CrmError {
    return new CrmError('illegal-transition', { move, state: this.status, allowed: Object.keys(MOVES[this.status]) });
  }

  private readOnly(fields: readonly Field[]): CrmError {
    const message = `read-only while ${this.status} · 当前状态下不可修改`;
    return new CrmError(
      'read-only',
      { state: this.status, fields },
      fields.map((path) => ({ path, code: 'read-only', message })),
    );
  }

  /** Checks what spans fields, and renews what follows from them. */
  private complete(): this {
    const { code, customerName, summary, contactName, contactPhone, expectedAmount: amount, currency } = this;
    if (amount !== null && currency === null)
      throw invalid('currency', 'needed beside expectedAmount · 填写金额时必须填写货币');
    if (amount !== null && currency !== null && hasMoreDecimals(amount, currency))
      throw invalid('expectedAmount', `${currency} has ${minorUnit(currency)} decimals · 小数位数超出该货币`);
    return Object.assign(this, { searchText: searchText(code, customerName, summary, contactName, contactPhone) });
  }

  /** What its events say of it: everything that the API shows. */
  private facts() {
    return { ...this.view(), opportunityId: this.id };
  }
}

const hasMoreDecimals = (amount: string, currency: string): boolean =>
  (formatMoney(amount, currency).split('.')[1]?.length ?? 0) > minorUnit(currency);

const invalid = (path: string, message: string) =>
  new CrmError('validation-failed', {}, [{ path, code: 'custom', message }]);
