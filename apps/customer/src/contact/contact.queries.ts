import {
  CONTACT_LIST,
  CrmError,
  CustomerRoutes,
  type Actor,
  type ContactOfCustomer,
  type ContactView,
} from '#contracts';
import { containsText, readList, readSql, visibleTo, type ListPlan, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { anyTag } from '../customer/customer-search.js';
import { ofCustomer } from '../merge/successors.js';
import { ofVisibleCustomers, requireVisible } from '../customer/customer.policy.js';

const COLUMNS = `t.id, t.customer_id AS "customerId", t.version, t.name, t.gender, t.position, t.office_phone AS "officePhone", t.mobile,
  t.email, t.birthday, t.is_primary AS "isPrimary", t.tags, t.remarks, t.created_at AS "createdAt"`;
const ContactPolicy = ofVisibleCustomers('contact');

const OF_ONE: ListPlan<ContactView> = {
  definition: CustomerRoutes.listContacts.list,
  from: 'contact t',
  select: COLUMNS,
  columns: { isPrimary: 't.is_primary', createdAt: 't.created_at' },
};

export const CONTACTS: ListPlan<ContactOfCustomer> = {
  definition: CONTACT_LIST,
  from: 'contact t JOIN customer c ON c.id = t.customer_id',
  select: `${COLUMNS}, c.code AS "customerCode", c.name AS "customerName", c.owner_id AS "ownerId"`,
  columns: {
    customerId: 't.customer_id',
    ownerId: 't.owner_id',
    isPrimary: 't.is_primary',
    birthday: 't.birthday',
    createdAt: 't.created_at',
    name: 't.name',
  },
  conditions: { customerId: ofCustomer, tags: anyTag },
  ordered: { createdAt: { ownerId: 't.owner_id', birthday: 't.birthday' } },
  search: containsText('t.search_text'),
  policy: ContactPolicy,
};

/** Reads: SQL straight to views. */
@Injectable()
export class ContactQueries {
  constructor(private readonly dataSource: DataSource) {}

  all(query: ListQuery, actor: Actor): Promise<Page<ContactOfCustomer>> {
    return readList(this.dataSource, CONTACTS, query, actor);
  }

  async list(customerId: string, query: ListQuery, actor: Actor): Promise<Page<ContactView>> {
    await requireVisible(this.dataSource, actor, customerId);
    const where = { sql: 't.customer_id = $1', parameters: [customerId] };
    return readList(this.dataSource, { ...OF_ONE, where }, query);
  }

  async one(customerId: string, contactId: string, actor: Actor): Promise<ContactView> {
    const parameters: unknown[] = [contactId, customerId];
    const visible = visibleTo(ContactPolicy, actor, parameters);
    const [row] = await readSql<ContactView>(
      this.dataSource.manager,
      `SELECT ${COLUMNS} FROM ${CONTACTS.from} WHERE t.id = $1 AND t.customer_id = $2 AND ${visible}`,
      parameters,
    );
    if (!row) throw new CrmError('not-found');
    return row;
  }
}
