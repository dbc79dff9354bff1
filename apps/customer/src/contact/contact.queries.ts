import { CustomerRoutes, type Actor, type ContactView } from '#contracts';
import { readList, type ListPlan, type ListQuery, type Page } from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { requireVisible } from '../customer/customer.policy.js';

type Row = Omit<ContactView, 'createdAt'> & { readonly createdAt: Date } & Record<string, unknown>;

const PLAN: ListPlan<ContactView> = {
  definition: CustomerRoutes.listContacts.list,
  from: 'contact t',
  select: `t.id, t.customer_id AS "customerId", t.version, t.name, t.gender, t.position, t.office_phone AS "officePhone", t.mobile,
    t.email, t.birthday, t.is_primary AS "isPrimary", t.tags, t.remarks, t.created_at AS "createdAt"`,
  columns: { isPrimary: 't.is_primary', createdAt: 't.created_at' },
  view: ({ createdAt, ...row }: Row) => ({ ...row, createdAt: createdAt.toISOString() }),
};

/** Reads: SQL straight to views. */
@Injectable()
export class ContactQueries {
  constructor(private readonly dataSource: DataSource) {}

  async list(customerId: string, query: ListQuery, actor: Actor): Promise<Page<ContactView>> {
    await requireVisible(this.dataSource, actor, customerId);
    const where = { sql: 't.customer_id = $1', parameters: [customerId] };
    return readList(this.dataSource, { ...PLAN, where }, query);
  }
}
