import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Actor, combineGrants, CrmError, type GrantedRights, type Me, type Right } from '#contracts';
import { RoleQueries } from '../role/role.queries.js';

type View = z.infer<typeof Me>;

/** Who asks and what they may do; clients build menus and buttons from it (AUT-9). */
@Injectable()
export class MeQueries {
  constructor(
    private readonly db: DataSource,
    private readonly roles: RoleQueries,
  ) {}

  me(actor: Actor): Promise<View> {
    return actor.kind === 'service-account' ? this.machine(actor.id) : this.person(actor.id);
  }

  private async person(id: string): Promise<View> {
    const [person] = await this.db.query<Omit<View, 'rights'>[]>(
      `SELECT id, username, display_name AS "displayName", email, phone, roles, must_change_password AS "mustChangePassword"
         FROM users WHERE id = $1`,
      [id],
    );
    if (!person) throw new CrmError('not-found');
    return { ...person, rights: listed(await this.roles.rightsOf(person.roles)) };
  }

  private async machine(id: string): Promise<View> {
    const [account] = await this.db.query<{ id: string; username: string; displayName: string; grants: string[] }[]>(
      'SELECT id, client_id AS username, name AS "displayName", grants FROM service_account WHERE id = $1',
      [id],
    );
    if (!account) throw new CrmError('not-found');
    const { grants, ...names } = account;
    return {
      ...names,
      email: null,
      phone: null,
      roles: [],
      mustChangePassword: false,
      rights: listed(combineGrants(grants)),
    };
  }
}

const listed = (rights: GrantedRights): View['rights'] =>
  (Object.entries(rights) as [Right, View['rights'][number]['scope']][]).map(([right, scope]) => ({ right, scope }));
