import {
  ContactAdded,
  ContactRemoved,
  ContactUpdated,
  type ContactChanges,
  type ContactInput,
  type ContactView,
  type DataOf,
  type NewEvent,
} from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import { differences, newValues, type Differences } from '../timeline/differences.js';

/** A person to talk to at a customer (CUS-3). At most one per customer is the primary one. */
@Entity('contact')
export class Contact {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid') readonly customerId!: string;
  @Column('int') readonly version!: number;
  @Column('text') readonly name!: string;
  @Column('text', { nullable: true }) readonly gender!: string | null;
  @Column('text', { nullable: true }) readonly position!: string | null;
  @Column('text', { nullable: true }) readonly officePhone!: string | null;
  @Column('text', { nullable: true }) readonly mobile!: string | null;
  @Column('text', { nullable: true }) readonly email!: string | null;
  @Column('date', { nullable: true }) readonly birthday!: string | null;
  @Column('boolean') readonly isPrimary!: boolean;
  @Column('text', { array: true }) readonly tags!: string[];
  @Column('text', { nullable: true }) readonly remarks!: string | null;
  @Column('timestamptz') readonly createdAt!: Date;

  static of(customerId: string, input: ContactInput): Contact {
    return Object.assign(new Contact(), {
      id: v7(),
      customerId,
      version: 1,
      name: input.name,
      gender: input.gender ?? null,
      position: input.position ?? null,
      officePhone: input.officePhone ?? null,
      mobile: input.mobile ?? null,
      email: input.email ?? null,
      birthday: input.birthday ?? null,
      isPrimary: input.isPrimary ?? false,
      tags: input.tags ?? [],
      remarks: input.remarks ?? null,
      createdAt: new Date(),
    });
  }

  added(): NewEvent {
    return ContactAdded.of(this.id, this.facts());
  }

  /** Undefined when it is so already. */
  edit(changes: ContactChanges): { event: NewEvent; changed: Differences } | undefined {
    const changed = differences<Contact>(this, changes);
    if (Object.keys(changed).length === 0) return undefined;
    Object.assign(this, newValues(changed));
    return { event: ContactUpdated.of(this.id, this.facts()), changed };
  }

  /** Its customer was merged into another, or such a merge was undone (CUS-6). */
  moveTo(customerId: string, isPrimary: boolean): NewEvent {
    Object.assign(this, { customerId, isPrimary });
    return ContactUpdated.of(this.id, this.facts());
  }

  removed(): NewEvent {
    return ContactRemoved.of(this.id, this.facts());
  }

  /** What the customer's timeline says of it, besides what happened. */
  get gist() {
    return { contactId: this.id, name: this.name };
  }

  view(): ContactView {
    return { ...this, createdAt: this.createdAt.toISOString() };
  }

  private facts(): DataOf<typeof ContactAdded> {
    const { id, customerId, name, position, isPrimary } = this;
    return { contactId: id, customerId, name, position, isPrimary };
  }
}
