import { OpportunityWon, ROUTES } from '#contracts';
import { TEST_PASSWORD, TestDatabase, TestGateway, TestNats } from '#testing';
import { Controller, Delete, Module } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { loadConfig } from '../src/config/load-config.js';
import { serviceSettings } from '../src/config/service-settings.js';
import { On } from '../src/events/on.decorator.js';
import { Handles } from '../src/http/handles.decorator.js';
import { startService } from '../src/start/start-service.js';
import { z } from 'zod';

/** Serves every route of the reporting service, so that only what a test adds or leaves out is wrong. */
function controllerOfAllRoutes(): new () => object {
  class EveryRoute {}
  for (const route of ROUTES.filter((each) => each.service === 'reporting' && each.tag !== 'operations')) {
    const name = route.name;
    Object.defineProperty(EveryRoute.prototype, name, {
      value: () => ({}),
      configurable: true,
      writable: true,
      enumerable: false,
    });
    Handles(route)(EveryRoute.prototype, name, Object.getOwnPropertyDescriptor(EveryRoute.prototype, name)!);
  }
  Controller()(EveryRoute);
  return EveryRoute;
}

@Controller()
class WithoutRight {
  @Delete('customers/everything')
  everything() {
    return {};
  }
}

@Controller()
class HandlesWhatIsNotForIt {
  @On(OpportunityWon)
  won(@Payload() won: unknown) {
    return won;
  }
}

describe('A service', () => {
  let database: TestDatabase;
  let nats: TestNats;
  beforeAll(async () => {
    [database, nats] = await Promise.all([TestDatabase.create(), TestNats.start()]);
  });
  afterAll(async () => {
    await Promise.all([database?.drop(), nats?.stop()]);
  });

  const start = (...controllers: Array<new () => object>) => {
    class TestModule {}
    Module({ controllers })(TestModule);
    return startService(
      { service: 'reporting', entities: [], migrations: [], module: TestModule },
      loadConfig(z.object(serviceSettings), {
        DATABASE_URL: database.url,
        NATS_URL: nats.url,
        NATS_USER: 'reporting',
        NATS_PASSWORD: TEST_PASSWORD,
        GATEWAY_PUBLIC_KEYS: new TestGateway().publicKeys,
        LOG_LEVEL: 'silent',
      }),
    );
  };

  it('AUT-6: does not start with an address that no line of the contracts gives a right', async () => {
    await expect(start(controllerOfAllRoutes(), WithoutRight)).rejects.toThrow(
      /WithoutRight.everything serves DELETE customers\/everything, which the contracts give no right to/,
    );
  });

  it('AUT-6: does not start when an address of the contracts is missing', async () => {
    await expect(start()).rejects.toThrow(/no controller serves GET \/reports\/customer-contribution/);
  });

  it('EVT-1: does not start when its event handlers differ from the topology', async () => {
    await expect(start(controllerOfAllRoutes(), HandlesWhatIsNotForIt)).rejects.toThrow(
      /differ from the topology\. Without a handler: crm\.customer\..*Not in the topology: crm\.marketing\.opportunity\.won\.v1/,
    );
  });

  it('a bad setting is named', () => {
    const settings = {
      DATABASE_URL: 'mysql://x',
      NATS_URL: 'nats://127.0.0.1:1',
      GATEWAY_PUBLIC_KEYS: '{}',
      PORT: 'many',
    };
    const load = () => loadConfig(z.object(serviceSettings), settings);
    expect(load).toThrow(/DATABASE_URL: must look like postgresql/);
    expect(load).toThrow(/PORT: /);
    expect(load).toThrow(/GATEWAY_PUBLIC_KEYS/);
    const bare = () => loadConfig(z.object(serviceSettings), { DATABASE_URL: '' });
    expect(bare).toThrow(
      /^Bad setting. DATABASE_URL: is required; NATS_URL: is required; GATEWAY_PUBLIC_KEYS: is required$/,
    );
  });
});
