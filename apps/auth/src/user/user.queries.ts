import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type Actor, AuthRoutes, CrmError, type UserView } from '#contracts';
import { escapeLike, type ListPlan, type ListQuery, type Page, readList } from '#platform';
import { LOCKED_FOR_ALL } from '../login/login-guard.service.js';

type View = z.infer<typeof UserView>;

/** `locked` is no state of the record: it passes by itself. */
const STATUS = `CASE WHEN t.status = 'active' AND ${LOCKED_FOR_ALL} THEN 'locked' ELSE t.status END`;

const USERS: ListPlan<View> = {
  definition: AuthRoutes.listUsers.list,
  from: 'users t',
  select: `t.id, t.username, t.display_name AS "displayName", t.email, t.phone, t.roles, ${STATUS} AS status, t.version, t.created_at AS "createdAt"`,
  columns: { status: STATUS, username: 'lower(t.username)', createdAt: 't.created_at' },
  // A company has thousands of people at most: no index is needed.
  search: (folded, add) => `t.search_text LIKE ${add(`%${escapeLike(folded)}%`)}`,
};
const NAMES: ListPlan<View> = {
  ...USERS,
  select: 't.id, t.username, t.display_name AS "displayName"',
};

@Injectable()
export class UserQueries {
  constructor(private readonly db: DataSource) {}

  /** Who may see names only can't ask by what is hidden either. */
  list(query: ListQuery, actor: Actor): Promise<Page<View>> {
    if (actor.rights['user.read'] === 'all') return readList(this.db, USERS, query, actor);
    if (query.sort === 'createdAt' || query.conditions.some(({ field }) => field === 'status'))
      throw new CrmError('not-owner', { right: 'user.read' });
    return readList(this.db, NAMES, query, actor);
  }
}
