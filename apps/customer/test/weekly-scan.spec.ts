import { dayIn, type Jobs, type Logger, UnitOfWork } from '#platform';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../libs/platform/src/db/data-source.js';
import { RelaySignal } from '../../../libs/platform/src/events/relay-signal.js';
import { lastSaturday } from '../src/churn/churn.rules.js';
import { WeeklyScan } from '../src/churn/weekly-scan.js';
import { start } from '../src/app.js';
import { before, churnOf, ZONE, type Churn } from './churn.fixture.js';
import { startWorld, type World } from './customer.fixture.js';

let world: World;
let churn: Churn;
beforeAll(async () => {
  world = await startWorld();
  churn = churnOf(world);
});
afterAll(() => world?.service.stop());

const saturday = lastSaturday(ZONE, new Date());
const jobs = () =>
  world.service.query<{ id: string; asOf: string; creator: string }>(
    `SELECT id, parameters->>'asOf' AS "asOf", creator->>'name' AS creator FROM job WHERE kind = 'churn-scan' ORDER BY id`,
  );
const known = async () =>
  (await world.service.query<{ day: string }>('SELECT saturday::text AS day FROM churn_weekly_scan ORDER BY 1')).map(
    ({ day }) => day,
  );

it('CHU-1: a CRM that is new has missed no Saturday; one that was down makes the last one up, once however many copies run', async () => {
  await world.service.eventually(async () => (await known()).length > 0, 'the service did not look at the calendar');
  expect(await known()).toEqual([saturday]);
  expect(await jobs()).toEqual([]);

  const { id } = await churn.customer(world.alice, 'SILENT', before(dayIn(ZONE), 9));
  await world.service.halt();
  // Down since four weeks ago.
  const before28 = new Date(Date.parse(saturday) - 28 * 86_400_000).toISOString().slice(0, 10);
  await world.service.query('UPDATE churn_weekly_scan SET saturday = $1', [before28]);
  const copies = await Promise.all([start(world.service.environment), start(world.service.environment)]);
  try {
    await world.service.run();
    await world.service.eventually(async () => (await jobs()).length > 0, 'no scan was started');
    const [job] = await jobs();
    expect(job).toMatchObject({ asOf: saturday, creator: 'system' });
    await churn.finished(job!.id);
    expect(await churn.alertsOf(id)).toMatchObject([{ status: 'warning', asOf: saturday }]);
    expect(await known()).toEqual([before28, saturday]);
    expect(await jobs()).toHaveLength(1);
  } finally {
    await Promise.all(copies.map((copy) => copy.stop()));
  }
  await world.service.halt();
  await world.service.run();
  expect(await jobs()).toHaveLength(1);
});

it('CHU-1: a copy that runs begins the scan at 02:00 of the Saturday, once', async () => {
  const config = { BUSINESS_TIMEZONE: ZONE };
  const dataSource = new DataSource(dataSourceOptions('customer', world.service.database.url, 2, [], []));
  await dataSource.initialize();
  const uow = new UnitOfWork(dataSource, new RelaySignal(), [], config);
  const begun: string[] = [];
  const starts: Pick<Jobs, 'start'> = {
    start: async (context, _kind, { parameters }, within) => {
      await uow.run(context, (tx) => within!(tx));
      begun.push((parameters as { asOf: string }).asOf);
      return undefined as never;
    },
  };
  const scan = new WeeklyScan(dataSource, starts as Jobs, config, { warn: fail } as unknown as Logger);
  const next = new Date(Date.parse(saturday) + 7 * 86_400_000).toISOString().slice(0, 10);
  const minute = async () => {
    jest.advanceTimersByTime(60_000);
    await scan['looking'];
    return begun.length;
  };
  jest.useFakeTimers({ now: new Date(`${next}T01:57:30+08:00`), doNotFake: REAL });
  try {
    scan.onApplicationBootstrap();
    expect([await minute(), await minute(), await minute(), await minute()]).toEqual([0, 0, 1, 1]);
    expect(begun).toEqual([next]);
  } finally {
    jest.useRealTimers();
    await scan.onApplicationShutdown();
    await dataSource.destroy();
  }
});

const REAL = [
  'nextTick',
  'setImmediate',
  'clearImmediate',
  'setTimeout',
  'clearTimeout',
  'queueMicrotask',
  'performance',
  'hrtime',
] as const satisfies string[];
function fail(...reasons: unknown[]): never {
  throw new Error(JSON.stringify(reasons));
}
