import {
  CrmError,
  type NewEvent,
  TicketArchived,
  TicketAssigned,
  type TicketChanges,
  TicketCreated,
  type TicketFeedback,
  TicketHandled,
  TicketMoved,
  type TicketInput,
  TicketReturned,
  type TicketStatus,
  TicketUpdated,
  type TicketView,
  TicketWithdrawn,
} from '#contracts';
import { searchText } from '#platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';

type Move = 'update' | 'withdraw' | 'assign' | 'handle' | 'feedback';

/** What can be done in each state (SVC-2, SVC-5). Feedback leads to `archived`, or back to `assigned`. */
const MOVES: Record<TicketStatus, readonly Move[]> = {
  created: ['update', 'withdraw', 'assign'],
  assigned: ['handle'],
  handled: ['feedback'],
  archived: [],
};
/** From here on a customer counts as content (SVC-4). */
const CONTENT = 3;

/** A customer's request (服务单), from its first note until the customer is content. */
@Entity()
export class Ticket {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('int') readonly version!: number;
  @Column('text') readonly status!: TicketStatus;
  @Column('text') readonly type!: string;
  @Column('text') readonly priority!: TicketView['priority'];
  @Column('text') readonly summary!: string;
  @Column('text') readonly request!: string;
  @Column('uuid') readonly customerId!: string;
  /** The customer that it was opened for, where that one was merged and `customerId` stands for it. */
  @Column('uuid', { nullable: true }) readonly openedForId!: string | null;
  @Column('uuid', { nullable: true }) readonly contactId!: string | null;
  @Column('uuid') readonly creatorId!: string;
  @Column('timestamptz') readonly createdAt!: Date;
  @Column('uuid', { nullable: true }) readonly assigneeId!: string | null;
  @Column('timestamptz', { nullable: true }) readonly assignedAt!: Date | null;
  /** How many times it was given to the assignee, counting the times it came back. */
  @Column('int') readonly round!: number;
  @Column('text', { nullable: true }) readonly handling!: string | null;
  @Column('uuid', { nullable: true }) readonly handledBy!: string | null;
  @Column('timestamptz', { nullable: true }) readonly handledAt!: Date | null;
  @Column('text', { nullable: true }) readonly result!: string | null;
  @Column('int', { nullable: true }) readonly satisfaction!: number | null;
  @Column('timestamptz', { nullable: true }) readonly archivedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) readonly deletedAt!: Date | null;
  @Column('text') readonly searchText!: string;

  static create(input: TicketInput, code: string, creatorId: string): { ticket: Ticket; event: NewEvent } {
    const ticket = Object.assign(new Ticket(), NOTHING_YET, input, {
      id: v7(),
      code,
      version: 1,
      status: 'created',
      contactId: input.contactId ?? null,
      creatorId,
      createdAt: new Date(),
      round: 1,
    }).indexed();
    return { ticket, event: TicketCreated.of(ticket.id, ticket.facts()) };
  }

  /** Returns nothing when the changes change nothing. */
  update(
    changes: TicketChanges,
  ): { event: NewEvent; changed: Record<string, { from: unknown; to: unknown }> } | undefined {
    if (!MOVES[this.status].includes('update')) throw this.readOnly(Object.keys(changes));
    const changed = Object.fromEntries(
      Object.entries(changes)
        .map(([field, to]) => [field, { from: this[field as keyof TicketChanges], to: to ?? null }] as const)
        .filter(([field, { from, to }]) => changes[field as keyof TicketChanges] !== undefined && from !== to),
    );
    if (Object.keys(changed).length === 0) return undefined;
    for (const [field, { to }] of Object.entries(changed)) Object.assign(this, { [field]: to });
    if (changed.customerId) Object.assign(this, { openedForId: null });
    this.indexed();
    return { event: TicketUpdated.of(this.id, this.facts()), changed };
  }

  withdraw(): NewEvent {
    this.requireMove('withdraw');
    Object.assign(this, { deletedAt: new Date() });
    const { id, code, customerId } = this;
    return TicketWithdrawn.of(id, { ticketId: id, code, customerId });
  }

  assign(assigneeId: string): NewEvent {
    this.requireMove('assign');
    Object.assign(this, { status: 'assigned', assigneeId, assignedAt: new Date() });
    return TicketAssigned.of(this.id, this.facts());
  }

  /** What an earlier round left behind gives way; the history keeps it. */
  handle(handling: string, handledBy: string): NewEvent {
    this.requireMove('handle');
    Object.assign(this, {
      status: 'handled',
      handling,
      handledBy,
      handledAt: new Date(),
      result: null,
      satisfaction: null,
    });
    this.indexed();
    return TicketHandled.of(this.id, this.facts());
  }

  /** Archives the ticket when the customer is content, else starts the next round with the same assignee (SVC-4). */
  feedback({ result, satisfaction }: TicketFeedback): NewEvent {
    this.requireMove('feedback');
    Object.assign(this, { result, satisfaction });
    if (satisfaction >= CONTENT) {
      Object.assign(this, { status: 'archived', archivedAt: new Date() });
      return TicketArchived.of(this.id, { ...this.facts(), round: this.round });
    }
    Object.assign(this, { status: 'assigned', round: this.round + 1 });
    return TicketReturned.of(this.id, { ...this.facts(), round: this.round - 1 });
  }

  /** Another customer stands for the one that it was opened for (CUS-6); undefined when it is so already. */
  follow(customerId: string): NewEvent | undefined {
    const previousCustomerId = this.customerId;
    if (previousCustomerId === customerId) return undefined;
    const openedFor = this.openedForId ?? previousCustomerId;
    Object.assign(this, { customerId, openedForId: openedFor === customerId ? null : openedFor });
    return TicketMoved.of(this.id, { ...this.facts(), previousCustomerId });
  }

  view(names: Pick<TicketView, 'customerName' | 'contactName'>): TicketView {
    const { ticketId, ...facts } = this.facts();
    return { id: ticketId, version: this.version, round: this.round, ...names, ...facts };
  }

  private facts() {
    return {
      ticketId: this.id,
      code: this.code,
      status: this.status,
      type: this.type,
      priority: this.priority,
      summary: this.summary,
      request: this.request,
      customerId: this.customerId,
      contactId: this.contactId,
      creatorId: this.creatorId,
      createdAt: this.createdAt.toISOString(),
      assigneeId: this.assigneeId,
      assignedAt: this.assignedAt?.toISOString() ?? null,
      handling: this.handling,
      handledBy: this.handledBy,
      handledAt: this.handledAt?.toISOString() ?? null,
      result: this.result,
      satisfaction: this.satisfaction,
      archivedAt: this.archivedAt?.toISOString() ?? null,
    };
  }

  /** Renews what `q` looks through. */
  private indexed(): this {
    return Object.assign(this, { searchText: searchText(this.code, this.summary, this.request, this.handling) });
  }

  private readOnly(fields: readonly string[]): CrmError {
    const message = `read-only while ${this.status} · 当前状态下不可修改`;
    return new CrmError(
      'read-only',
      { state: this.status, fields, allowed: MOVES[this.status] },
      fields.map((path) => ({ path, code: 'read-only', message })),
    );
  }

  private requireMove(move: Move): void {
    const allowed = MOVES[this.status];
    if (!allowed.includes(move)) throw new CrmError('illegal-transition', { move, state: this.status, allowed });
  }
}

const NOTHING_YET = {
  openedForId: null,
  assigneeId: null,
  assignedAt: null,
  handling: null,
  handledBy: null,
  handledAt: null,
  result: null,
  satisfaction: null,
  archivedAt: null,
  deletedAt: null,
};
