import { setTimeout as sleep } from 'node:timers/promises';
import type { Neighbours, RunningApp } from '#platform';
import { type Application, startHere } from './applications.js';
import type { Progress } from './foundations.js';
import { StartError } from './infra/start-error.js';
import { type Running, Supervisor } from './supervisor.js';

/** Stops work whatever has been started by then; one that is being started is waited for, so that it is not cut off half-way. */
export async function startTogether(
  apps: Application[],
  folder: URL,
  { stops, signal }: Progress,
): Promise<Map<string, Supervisor>> {
  const running = new Map<Application, RunningApp>();
  const starts: Array<Promise<void>> = [];
  const startOne = async (app: Application) => {
    try {
      running.set(app, await startHere(app, folder, neighbours(running)));
    } catch (error) {
      if (error instanceof Error) error.message = `${app.label} does not start: ${error.message}`;
      throw error;
    }
  };
  const stopped = (gateway: boolean) => async () => {
    await Promise.race([Promise.allSettled(starts), sleep(5_000)]);
    const chosen = [...running].filter(([app]) => (app.name === 'gateway') === gateway);
    await Promise.all(chosen.map(([, handle]) => handle.stop()));
  };
  stops.push(stopped(false), stopped(true));
  // The gateway last: it would only report that the others do not answer yet.
  for (const gateway of [false, true]) {
    starts.push(...apps.filter((app) => (app.name === 'gateway') === gateway).map(startOne));
    await Promise.all(starts);
    if (signal.aborted) break;
  }
  return new Map();
}

/** What the gateway, which starts when all others have, hands requests over to. */
const neighbours = (running: ReadonlyMap<Application, RunningApp>): Neighbours =>
  new Map([...running].flatMap(([{ url }, { serve }]) => (serve ? [[url, serve] as const] : [])));

/** One process each, kept running. @returns who watches each, by its label */
export async function startSplit(
  apps: Application[],
  spawn: (app: Application) => Promise<Running>,
  { say, stops, signal }: Progress,
): Promise<Map<string, Supervisor>> {
  const supervisors = new Map(apps.map((app) => [app.label, new Supervisor(app.label, () => spawn(app), say, signal)]));
  const stopped = (gateway: boolean) => async () => {
    const chosen = [...supervisors].filter(([label]) => (label === 'gateway') === gateway);
    await Promise.all(chosen.map(([, supervisor]) => supervisor.stop()));
  };
  stops.push(stopped(false), stopped(true));
  await Promise.all([...supervisors.values()].map((supervisor) => supervisor.start()));
  return supervisors;
}

const GIVE_UP_AFTER_FAILURES = 3;
const REMIND_EVERY = 15_000;
/** Six that are asked all the time would take a tenth of what they need to become ready. */
const ASK_EVERY = 200;

/** @throws StartError when the application ends each time */
export async function untilReady(
  app: Application,
  begun: number,
  supervisors: Map<string, Supervisor>,
  { say, signal }: Pick<Progress, 'say' | 'signal'>,
): Promise<void> {
  let reminded = Date.now();
  while (!signal.aborted) {
    const answer = await fetch(`${app.url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
      (error: Error) => error,
    );
    if (answer instanceof Response && answer.ok) {
      await answer.body?.cancel();
      say(`  ${app.label} is ready (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
      return;
    }
    if ((supervisors.get(app.label)?.failures ?? 0) >= GIVE_UP_AFTER_FAILURES) {
      throw new StartError(`${app.label} ends each time it is started; what it said stands above.`);
    }
    const state = answer instanceof Response ? (await answer.text().catch(() => '')).slice(0, 300) : answer.message;
    if (Date.now() - reminded > REMIND_EVERY) {
      reminded = Date.now();
      say(`  still waiting for ${app.label}: ${state}`);
    }
    await sleep(ASK_EVERY);
  }
}
