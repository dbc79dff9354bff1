import type { Actor, ContactView } from '#contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { requireVisible } from '../customer/customer.policy.js';
import { Contact } from './contact.entity.js';

/** Reads: the primary contact first, then in the order in which they came. */
@Injectable()
export class ContactQueries {
  constructor(private readonly dataSource: DataSource) {}

  async list(customerId: string, actor: Actor): Promise<{ items: ContactView[]; nextCursor: null }> {
    await requireVisible(this.dataSource, actor, customerId);
    const contacts = await this.dataSource.manager.find(Contact, {
      where: { customerId },
      order: { isPrimary: 'DESC', createdAt: 'ASC', id: 'ASC' },
    });
    return { items: contacts.map((contact) => contact.view()), nextCursor: null };
  }
}
