import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SALES_SYSTEM_GRANTS, SEEDED_ROLES } from '#contracts';
import { ConfigError, type Logger, LOGGER, systemContext, type Tx, UnitOfWork } from '#platform';
import { nextRevision } from '../access/access-revision.js';
import type { AuthConfig } from '../auth.config.js';
import { AUTH_CONFIG } from '../auth.tokens.js';
import { SigningKeys } from '../key/signing-keys.service.js';
import { PasswordHasher } from '../password/password-hasher.service.js';
import { Role, SUPER_ADMIN } from '../role/role.entity.js';
import { ServiceAccount } from '../service-account/service-account.entity.js';
import { User } from '../user/user.entity.js';

const DEMO_USERS = [
  { username: 'sysadmin', displayName: 'Sam Lin 林山', roles: ['system_admin'] },
  { username: 'manager', displayName: 'Maria Zhao 赵敏', roles: ['sales_manager'] },
  { username: 'alice', displayName: 'Alice Chen 陈爱丽', roles: ['account_manager'] },
  { username: 'bob', displayName: 'Bob Wang 王博', roles: ['account_manager'] },
  { username: 'executive', displayName: 'Eric Liu 刘远', roles: ['executive'] },
];

/**
 * What a first start creates. Each seed is one transaction that leaves a mark, so an interrupted start begins it again, several copies
 * plant it once, and what people change or remove later stays as they left it.
 */
@Injectable()
export class SeedService implements OnApplicationBootstrap {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly hasher: PasswordHasher,
    private readonly keys: SigningKeys,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.keys.current();
    await this.plant('roles', (tx) => this.roles(tx));
    await this.plant('admin', (tx) => this.administrator(tx));
    if (this.config.CRM_DEMO) await this.plant('demo', (tx) => this.demo(tx));
  }

  private plant(name: string, work: (tx: Tx) => Promise<void>): Promise<void> {
    return this.uow.run(systemContext(), async (tx) => {
      const marked = await tx.query('INSERT INTO seed (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING name', [
        name,
      ]);
      if (marked.length === 0) return;
      await work(tx);
      await nextRevision(tx);
    });
  }

  private async roles(tx: Tx): Promise<void> {
    for (const role of SEEDED_ROLES.map((each) => Role.seed(each))) {
      await tx.insert(role);
      tx.publish(role.created());
    }
  }

  /**
   * Must be changed at the first login, wherever it came from: whoever installs has seen it.
   * A generated one is told before the commit: told twice after a crash is better than never.
   */
  private async administrator(tx: Tx): Promise<void> {
    const given = this.config.CRM_ADMIN_PASSWORD;
    if (!given && !this.logger.isLevelEnabled('warn'))
      throw new ConfigError('Bad setting. CRM_ADMIN_PASSWORD: must be set, since LOG_LEVEL would hide a generated one');
    const password = given ?? randomBytes(15).toString('base64url');
    const names = { username: 'admin', displayName: 'Administrator 管理员', roles: [SUPER_ADMIN] };
    await this.user(tx, { ...names, passwordHash: await this.hasher.hash(password), mustChangePassword: true });
    if (!given)
      this.logger.warn(
        `First start: log in as "admin" with the password "${password}", shown only once, and change it.`,
      );
  }

  private async demo(tx: Tx): Promise<void> {
    const password = this.config.CRM_DEMO_PASSWORD;
    for (const names of DEMO_USERS) {
      await this.user(tx, { ...names, passwordHash: await this.hasher.hash(password), mustChangePassword: false });
    }
    const taken = await tx.query(`SELECT FROM service_account WHERE client_id = 'sales-system'`);
    if (taken.length > 0) return;
    const secretHash = await this.hasher.hash(password);
    const names = { clientId: 'sales-system', name: 'Sales system 销售系统' };
    await tx.insert(ServiceAccount.create({ ...names, secretHash, grants: SALES_SYSTEM_GRANTS }));
  }

  /** A name that somebody has already is left alone. */
  private async user(tx: Tx, data: Parameters<typeof User.create>[0]): Promise<void> {
    const taken = await tx.query('SELECT FROM users WHERE lower(username) = lower($1)', [data.username]);
    if (taken.length > 0) return;
    const user = User.create(data);
    await tx.insert(user);
    tx.publish(user.created());
  }
}
