import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { combineGrants, type GrantedRights, type RightView, RIGHTS, type RoleView } from '#contracts';

@Injectable()
export class RoleQueries {
  constructor(private readonly db: DataSource) {}

  async roles(): Promise<{ items: z.infer<typeof RoleView>[]; nextCursor: null }> {
    const items = await this.db.query(
      'SELECT id, code, name, description, grants AS rights FROM role ORDER BY created_at, id',
    );
    return { items, nextCursor: null };
  }

  rights(): { items: z.infer<typeof RightView>[]; nextCursor: null } {
    return { items: Object.entries(RIGHTS).map(([right, label]) => ({ right, label })), nextCursor: null };
  }

  /** What the holder of these roles may do. */
  async rightsOf(roles: readonly string[]): Promise<GrantedRights> {
    const rows: { grants: string[] }[] = await this.db.query('SELECT grants FROM role WHERE code = ANY($1)', [roles]);
    return combineGrants(rows.flatMap(({ grants }) => grants));
  }
}
