import {
  CUSTOMER_STATUSES,
  CustomerCreated,
  CustomerDeleted,
  CustomerMerged,
  CustomerMergeUndone,
  CustomerOpportunityLinked,
  CustomerRestored,
  CustomerTransferred,
  CustomerUpdated,
  type CustomerChanges,
  type CustomerInput,
  type CustomerStatus,
  type CustomerView,
  type DataOf,
  type NewEvent,
  type OpportunityWon,
} from '#contracts';
import { foldName } from '#platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import { differences, type Differences } from '../timeline/differences.js';

/** Where a new customer comes from, besides what a person typed. */
interface Origin {
  readonly code: string;
  readonly ownerId: string | null;
  readonly sourceOpportunityId?: string;
}

@Entity('customer')
export class Customer {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('int') readonly version!: number;
  @Column('text') readonly status!: CustomerStatus;
  @Column('text') readonly name!: string;
  /** What makes two names the same (MKT-6). */
  @Column('text') readonly foldedName!: string;
  @Column('uuid', { nullable: true }) readonly ownerId!: string | null;
  @Column('text', { nullable: true }) readonly externalRef!: string | null;
  @Column('text', { nullable: true }) readonly region!: string | null;
  @Column('text', { nullable: true }) readonly level!: string | null;
  @Column('smallint', { nullable: true }) readonly satisfaction!: number | null;
  @Column('smallint', { nullable: true }) readonly credit!: number | null;
  @Column('text', { nullable: true }) readonly industry!: string | null;
  @Column('text', { nullable: true }) readonly nature!: string | null;
  @Column('text', { nullable: true }) readonly type!: string | null;
  @Column('text', { nullable: true }) readonly phone!: string | null;
  @Column('text', { nullable: true }) readonly fax!: string | null;
  @Column('text', { nullable: true }) readonly address!: string | null;
  @Column('text', { nullable: true }) readonly postcode!: string | null;
  @Column('text', { nullable: true }) readonly website!: string | null;
  @Column('text', { nullable: true }) readonly businessLicence!: string | null;
  @Column('text', { nullable: true }) readonly legalRepresentative!: string | null;
  @Column('text', { nullable: true }) readonly registeredCapital!: string | null;
  @Column('text', { nullable: true }) readonly annualTurnover!: string | null;
  @Column('text', { nullable: true }) readonly bank!: string | null;
  @Column('text', { nullable: true }) readonly bankAccount!: string | null;
  @Column('text', { nullable: true }) readonly localTaxNumber!: string | null;
  @Column('text', { nullable: true }) readonly nationalTaxNumber!: string | null;
  @Column('text', { array: true }) readonly tags!: string[];
  @Column('text', { nullable: true }) readonly remarks!: string | null;
  @Column('uuid', { nullable: true }) readonly sourceOpportunityId!: string | null;
  /** The last order that is not cancelled; the order feed keeps it. */
  @Column('date', { nullable: true }) readonly lastOrderDate!: string | null;
  @Column('timestamptz') readonly createdAt!: Date;
  @Column('timestamptz', { nullable: true }) readonly deletedAt!: Date | null;
  /** Of a merged customer, which is deleted too: the one that answers for it. */
  @Column('uuid', { nullable: true }) readonly survivorId!: string | null;

  static open(input: Omit<CustomerInput, 'ownerId'>, origin: Origin): Customer {
    return Object.assign(new Customer(), NOTHING, given(input), origin, {
      id: v7(),
      version: 1,
      status: CUSTOMER_STATUSES[0],
      foldedName: foldName(input.name),
      createdAt: new Date(),
    });
  }

  /** MKT-6: the customer that a won opportunity becomes, owned by the one who won it. */
  static fromWon(won: DataOf<typeof OpportunityWon>, code: string): Customer {
    // A phone without a person to call is the company's.
    const phone = won.contactName ? null : won.contactPhone;
    return Customer.open(
      { name: won.customerName, region: won.region, phone },
      { code, ownerId: won.assigneeId, sourceOpportunityId: won.opportunityId },
    );
  }

  get refs(): string[] {
    return this.externalRef === null ? [this.code] : [this.code, this.externalRef];
  }

  created(): NewEvent {
    return CustomerCreated.of(this.id, this.facts());
  }

  /** The dictionary codes that `changes` sets anew; one that it has stays readable after it was retired (DIC-2). */
  changedCodes(changes: CustomerChanges): CustomerChanges {
    const codes = ['region', 'level', 'industry', 'nature', 'type'] as const;
    return Object.fromEntries(
      codes.filter((code) => changes[code] !== this[code]).map((code) => [code, changes[code]]),
    );
  }

  /** What `changes` would change, for the timeline: it does not keep numbers of banks and tax offices. */
  differences(changes: CustomerChanges): Differences {
    const changed = Object.entries(differences<Customer>(this, changes));
    const shown = (field: string, value: unknown) => (CONFIDENTIAL.includes(field) && value !== null ? '***' : value);
    return Object.fromEntries(
      changed.map(([field, { from, to }]) => [field, { from: shown(field, from), to: shown(field, to) }]),
    );
  }

  /** Undefined when it is so already. */
  edit(changes: CustomerChanges): NewEvent | undefined {
    const before = JSON.stringify(this);
    Object.assign(this, given(changes));
    if (JSON.stringify(this) === before) return undefined;
    Object.assign(this, { foldedName: foldName(this.name) });
    return CustomerUpdated.of(this.id, this.facts());
  }

  delete(): NewEvent {
    Object.assign(this, { deletedAt: new Date() });
    return CustomerDeleted.of(this.id, this.facts());
  }

  restore(): NewEvent {
    Object.assign(this, { deletedAt: null });
    return CustomerRestored.of(this.id, this.facts());
  }

  link(opportunityId: string): NewEvent {
    return CustomerOpportunityLinked.of(this.id, { customerId: this.id, opportunityId });
  }

  /** Gives way to another customer (CUS-6); `facts` are those from before. */
  mergeInto(intoId: string, mergeId: string): NewEvent {
    const event = CustomerMerged.of(this.id, { ...this.facts(), intoId, mergeId });
    Object.assign(this, { deletedAt: new Date(), survivorId: intoId });
    return event;
  }

  /** Stands for itself again. */
  unmerge(intoId: string, mergeId: string): NewEvent {
    Object.assign(this, { deletedAt: null, survivorId: null });
    return CustomerMergeUndone.of(this.id, { ...this.facts(), intoId, mergeId });
  }

  /** Facts that a merge brings or takes back. */
  assume(facts: Partial<Customer>): NewEvent {
    Object.assign(this, facts);
    return CustomerUpdated.of(this.id, this.facts());
  }

  /** Gives it to another person (CUS-7); undefined when that one has it already. */
  transfer(ownerId: string): NewEvent | undefined {
    const previousOwnerId = this.ownerId;
    if (ownerId === previousOwnerId) return undefined;
    Object.assign(this, { ownerId });
    return CustomerTransferred.of(this.id, { ...this.facts(), previousOwnerId });
  }

  /** At risk, lost or active again (CUS-2); undefined when it is so already. */
  become(status: CustomerStatus): NewEvent | undefined {
    if (this.status === status) return undefined;
    Object.assign(this, { status });
    return CustomerUpdated.of(this.id, this.facts());
  }

  /** The order feed found another last order. */
  ordered(lastOrderDate: string | null): void {
    Object.assign(this, { lastOrderDate });
  }

  view(): CustomerView {
    const { foldedName: _folded, deletedAt: _deleted, survivorId: _survivor, createdAt, ...fields } = this;
    return { ...fields, createdAt: createdAt.toISOString() };
  }

  private facts(): DataOf<typeof CustomerCreated> {
    const { id, code, name, status, ownerId, externalRef, region, level, satisfaction, credit, industry } = this;
    const { sourceOpportunityId } = this;
    return {
      customerId: id,
      code,
      name,
      status,
      ownerId,
      externalRef,
      region,
      level,
      satisfaction,
      credit,
      industry,
      sourceOpportunityId,
    };
  }
}

/** Fields that were sent; null clears one, undefined leaves it. */
const given = (input: object): object =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));

const CONFIDENTIAL: readonly string[] = ['bank', 'bankAccount', 'localTaxNumber', 'nationalTaxNumber'];

const NOTHING = {
  externalRef: null,
  region: null,
  level: null,
  satisfaction: null,
  credit: null,
  industry: null,
  nature: null,
  type: null,
  phone: null,
  fax: null,
  address: null,
  postcode: null,
  website: null,
  businessLicence: null,
  legalRepresentative: null,
  registeredCapital: null,
  annualTurnover: null,
  bank: null,
  bankAccount: null,
  localTaxNumber: null,
  nationalTaxNumber: null,
  tags: [],
  remarks: null,
  sourceOpportunityId: null,
  lastOrderDate: null,
  deletedAt: null,
  survivorId: null,
} satisfies Partial<Customer>;
