import { combineGrants, CrmError, type Right } from '#contracts';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runSql } from '../db/sql.js';
import type { Tx } from '../db/tx.js';
import { Readiness } from '../start/readiness.js';

/** What this service knows of people, from auth's events; nobody is asked on the request path. */
@Injectable()
export class People implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly readiness: Readiness,
  ) {}

  onModuleInit(): void {
    this.readiness.require({
      name: 'people not known yet',
      isReady: async () => {
        const [row] = await this.dataSource.query<Array<{ ready: boolean }>>(
          'SELECT EXISTS (SELECT 1 FROM person) AND EXISTS (SELECT 1 FROM role_grant) AS ready',
        );
        return row!.ready;
      },
    });
  }

  /**
   * Records go to people who hold the right for records of their own: account managers, in the seeded roles.
   * @throws CrmError person-not-eligible unless the person is active and holds `right` with the scope `own` by one role, whatever others add
   */
  async requireEligible(tx: Tx, field: string, personId: string, right: Right): Promise<void> {
    const rows = await tx.query<{ grants: string[] }>(
      `SELECT g.grants FROM person p JOIN role_grant g ON g.role = ANY (p.roles) WHERE p.id = $1 AND p.status = 'active'`,
      [personId],
    );
    if (!takesRecords(rows, right))
      throw new CrmError('person-not-eligible', { field, right }, [
        {
          path: field,
          code: 'person_not_eligible',
          message: `must be one active user who holds ${right} for their own records · 必须是一名在职且对自己的记录拥有 ${right} 的用户`,
        },
      ]);
  }

  /** These people, by username in lower case, and whether they still work here and records can go to them. */
  async byUsername(
    usernames: readonly string[],
    right: Right,
  ): Promise<ReadonlyMap<string, { readonly id: string; readonly active: boolean; readonly eligible: boolean }>> {
    const rows = await runSql<{ id: string; username: string; active: boolean; roles: { grants: string[] }[] }>(
      this.dataSource.manager,
      `SELECT p.id, lower(p.username) AS username, p.status = 'active' AS active,
              (SELECT coalesce(json_agg(json_build_object('grants', g.grants)), '[]') FROM role_grant g WHERE g.role = ANY (p.roles)) AS roles
         FROM person p WHERE lower(p.username) = ANY ($1)`,
      // Names come from files, and a NUL is nothing that PostgreSQL takes.
      [[...new Set(usernames.filter((name) => !name.includes('\0')).map((name) => name.toLowerCase()))]],
    );
    return new Map(
      rows.map(({ id, username, active, roles }) => [
        username,
        { id, active, eligible: active && takesRecords(roles, right) },
      ]),
    );
  }
}

/** A sales manager who is an account manager, too, still takes customers. */
const takesRecords = (roles: readonly { readonly grants: readonly string[] }[], right: Right): boolean =>
  roles.some(({ grants }) => combineGrants(grants)[right] === 'own');
