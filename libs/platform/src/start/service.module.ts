import { type ServiceName, TOPOLOGY } from '#contracts';
import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ServiceConfig } from '../config/service-settings.js';
import { dataSourceOptions, type EntityClass, type MigrationClass } from '../db/data-source.js';
import { Housekeeping } from '../db/housekeeping.js';
import { MESSAGING_MIGRATIONS } from '../db/messaging.migration.js';
import { migrate } from '../db/migrate.js';
import { type RecordPolicy, withCodeFormat } from '../db/record-policy.js';
import { UnitOfWork } from '../db/unit-of-work.js';
import { Broker } from '../events/broker.js';
import { DEAD_LETTER_POLICY, DeadLetters } from '../events/dead-letters.js';
import { type EventHandler, EventInbox } from '../events/event-inbox.js';
import { ProjectionLag } from '../events/projection-lag.js';
import { RelaySignal } from '../events/relay-signal.js';
import { ContractGuard } from '../http/contract.guard.js';
import { deadLettersController } from '../http/dead-letters.controller.js';
import { HealthController } from '../http/health.controller.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { RightsGuard } from '../http/rights.guard.js';
import type { JobKind } from '../jobs/job-kind.js';
import { jobParts } from '../jobs/job.providers.js';
import type { Logger } from '../logging/logger.js';
import { Readiness } from './readiness.js';
import { EVENT_HANDLERS, LOGGER, RECORD_POLICIES, SERVICE_CONFIG, SERVICE_NAME } from './tokens.js';

/** A service on one page: its data, its records, and the module with its doors and rules. */
export interface ServiceDefinition {
  readonly service: ServiceName;
  readonly entities: EntityClass[];
  /** Besides the platform's own; run in the order of their names' timestamps. */
  readonly migrations: MigrationClass[];
  readonly records?: readonly RecordPolicy[];
  /** Its kinds of background work; providers of the module. */
  readonly jobs?: readonly Type<JobKind>[];
  readonly module: DynamicModule | (new () => object);
}

/** What every service has: database, unit of work, outbox, inbox, rights, problems, health. */
@Global()
@Module({})
export class ServiceModule {
  static of(definition: ServiceDefinition, config: ServiceConfig, logger: Logger, broker: Broker): DynamicModule {
    const { service, entities, migrations, records = [] } = definition;
    const jobs = jobParts(service, definition.jobs ?? []);
    return {
      module: ServiceModule,
      imports: [
        DiscoveryModule,
        TypeOrmModule.forRootAsync({
          // A name of its own: several services may run in one process.
          name: service,
          useFactory: () => ({
            ...dataSourceOptions(service, config.DATABASE_URL, config.DATABASE_POOL, entities, [
              ...MESSAGING_MIGRATIONS,
              ...jobs.migrations,
              ...migrations,
            ]),
            name: service,
            retryAttempts: 30,
            retryDelay: 1000,
          }),
          dataSourceFactory: async (options) => {
            const dataSource = await new DataSource(options!).initialize();
            await migrate(dataSource, service, config.DATABASE_URL);
            return dataSource;
          },
        }),
        definition.module,
      ],
      controllers: [HealthController, deadLettersController(service), ...jobs.controllers],
      providers: [
        { provide: DataSource, useExisting: getDataSourceToken(service) },
        { provide: SERVICE_NAME, useValue: service },
        { provide: SERVICE_CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: Broker, useValue: broker },
        {
          provide: RECORD_POLICIES,
          useValue: [...records.map((policy) => withCodeFormat(policy, config)), DEAD_LETTER_POLICY],
        },
        { provide: EVENT_HANDLERS, useValue: new Map<string, EventHandler>() },
        {
          provide: EventInbox,
          inject: [DataSource, RECORD_POLICIES, RelaySignal, EVENT_HANDLERS],
          useFactory: (
            dataSource: DataSource,
            policies: RecordPolicy[],
            signal: RelaySignal,
            handlers: Map<string, EventHandler>,
          ) =>
            new EventInbox(
              dataSource,
              policies,
              config.BUSINESS_TIMEZONE,
              signal,
              handlers,
              new Map(TOPOLOGY.map(({ event }) => [event.type, event])),
            ),
        },
        UnitOfWork,
        RelaySignal,
        ProjectionLag,
        Readiness,
        DeadLetters,
        Housekeeping,
        ...jobs.providers,
        // In this order: the first says who asks and for which route.
        { provide: APP_GUARD, useClass: RightsGuard },
        { provide: APP_GUARD, useClass: ContractGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [
        DataSource,
        Broker,
        SERVICE_NAME,
        SERVICE_CONFIG,
        LOGGER,
        RECORD_POLICIES,
        UnitOfWork,
        RelaySignal,
        ProjectionLag,
        Readiness,
        ...jobs.exports,
      ],
    };
  }
}
