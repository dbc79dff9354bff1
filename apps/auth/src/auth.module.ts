import { type DynamicModule, Module } from '@nestjs/common';
import type { ServiceDefinition } from '#platform';
import { AccessController } from './access/access.controller.js';
import { AccessQueries } from './access/access.queries.js';
import type { AuthConfig } from './auth.config.js';
import { AUTH_CONFIG } from './auth.tokens.js';
import { AccessTokens } from './key/access-tokens.service.js';
import { SecretBox } from './key/secret-box.js';
import { SigningKeys } from './key/signing-keys.service.js';
import { LoginGuard } from './login/login-guard.service.js';
import { LoginService } from './login/login.service.js';
import { Access1763700001000 } from './migrations/1763700001000-access.js';
import { LoginNetworks1763700001001 } from './migrations/1763700001001-login-networks.js';
import { PasswordHasher } from './password/password-hasher.service.js';
import { RoleController } from './role/role.controller.js';
import { Role } from './role/role.entity.js';
import { RoleQueries } from './role/role.queries.js';
import { SeedService } from './seed/seed.service.js';
import { ServiceAccount } from './service-account/service-account.entity.js';
import { MeQueries } from './session/me.queries.js';
import { SessionController } from './session/session.controller.js';
import { SessionService } from './session/session.service.js';
import { UserController } from './user/user.controller.js';
import { User } from './user/user.entity.js';
import { UserQueries } from './user/user.queries.js';
import { UserService } from './user/user.service.js';

/** The service on one page: its doors and its rules. */
@Module({
  controllers: [SessionController, UserController, RoleController, AccessController],
  providers: [
    SessionService,
    MeQueries,
    LoginService,
    LoginGuard,
    PasswordHasher,
    UserService,
    UserQueries,
    RoleQueries,
    AccessQueries,
    AccessTokens,
    SigningKeys,
    SecretBox,
    SeedService,
  ],
})
class AuthModule {
  static with(config: AuthConfig): DynamicModule {
    return { module: AuthModule, providers: [{ provide: AUTH_CONFIG, useValue: config }] };
  }
}

export const authService = (config: AuthConfig): ServiceDefinition => ({
  service: 'auth',
  entities: [User, Role, ServiceAccount],
  migrations: [Access1763700001000, LoginNetworks1763700001001],
  records: [{ kind: 'user', entity: User, table: 'users', readRight: 'user.read' }],
  module: AuthModule.with(config),
});
