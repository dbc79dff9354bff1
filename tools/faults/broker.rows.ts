import { cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { consumersOf, SERVICES } from '#contracts';
import { median } from '../bench/figure.js';
import { noRequestMayFail } from './answers.js';
import { publishAgain, removeConsumer, untilConsumersAreDone, untilNatsAnswers } from './broker-client.js';
import type { Cluster } from './cluster.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import { comeToRest, countEvents } from './observation.js';

const NOTICE_LOSS_WITHIN_MS = 60_000;
const NOTICE_HANG_WITHIN_MS = 15_000;

/** Faults of NATS. */
export const brokerRows: readonly FaultRow[] = [
  {
    number: 4,
    fault: 'SIGKILL of NATS again and again under load',
    invariant: 'nothing lost, no request fails',
    async harm({ cluster, people, random, short }) {
      const from = people.now();
      const gaps: number[] = [];
      const kills = short ? 4 : 20;
      let backlog = 0;
      for (let kill = 0; kill < kills; kill++) {
        await sleep(random.between(300, 1500));
        const killedAt = performance.now();
        await cluster.kill('nats');
        await untilNatsAnswers(cluster);
        gaps.push(performance.now() - killedAt);
        backlog = Math.max(backlog, await countEvents(cluster));
      }
      noRequestMayFail(people, from);
      return { kills, 'broker away, median s': seconds(median(gaps)), 'most events waiting': backlog };
    },
  },
  {
    number: 5,
    fault: 'NATS hangs (SIGSTOP): 8 s and on again, then for good',
    invariant: 'noticed within 15 s; what timed out is applied once; no request fails',
    async harm({ cluster, people }) {
      const from = people.now();
      const hung = cluster.process('nats')!;
      process.kill(hung.pid, 'SIGSTOP');
      await sleep(5500);
      process.kill(hung.pid, 'SIGCONT');
      await sleep(4000);
      const stoppedAt = performance.now();
      const stopped = cluster.process('nats')!;
      process.kill(stopped.pid, 'SIGSTOP');
      await cluster.until(() => cluster.process('nats')?.pid !== stopped.pid, 'the hang is not noticed', 60_000);
      const noticed = performance.now() - stoppedAt;
      await untilNatsAnswers(cluster);
      mustHold(noticed <= NOTICE_HANG_WITHIN_MS, `a hung broker is noticed within 15 s (${seconds(noticed)} s)`);
      noRequestMayFail(people, from);
      return { 'hang → noticed, s': seconds(noticed) };
    },
  },
  {
    number: 6,
    fault: 'NATS loses its last seconds: killed, its files put back to an older state, started',
    invariant: 'noticed and published again without a person within 60 s, nothing missing',
    inShort: true,
    async harm({ cluster, short }) {
      const files = join(cluster.dataDir, 'nats', 'jetstream');
      const frozen = cluster.process('nats')!;
      process.kill(frozen.pid, 'SIGSTOP');
      cpSync(files, `${files}.old`, { recursive: true });
      process.kill(frozen.pid, 'SIGCONT');
      await sleep(short ? 6000 : 30_000);
      const lost = await countEvents(cluster, SERVICES, `published_at > now() - interval '${short ? 6 : 30} s'`);
      const begun = performance.now();
      // Between two statements, so that nothing of ours can start it in between.
      process.kill(frozen.pid, 'SIGKILL');
      renameSync(files, `${files}.lost`);
      renameSync(`${files}.old`, files);
      const noticed = await lossNoticed(cluster, begun);
      await allHeldAgain(cluster, begun);
      return {
        'events lost by the broker, about': lost,
        'killed → loss noticed, s': seconds(noticed),
        'all held again, s': seconds(performance.now() - begun),
      };
    },
  },
  {
    number: 7,
    fault: 'NATS loses everything (files removed); later a durable consumer is removed at run time',
    invariant: 'made again and filled from the outboxes within 60 s, copies equal',
    async harm({ cluster }) {
      const begun = performance.now();
      const running = cluster.process('nats')!;
      process.kill(running.pid, 'SIGKILL');
      renameSync(join(cluster.dataDir, 'nats', 'jetstream'), join(cluster.dataDir, 'nats', 'gone'));
      const noticed = await lossNoticed(cluster, begun);
      await allHeldAgain(cluster, begun);
      const held = performance.now() - begun;
      await removeConsumer(cluster, 'service', consumersOf('service')[0]!.name);
      await sleep(5000);
      return { 'removed → noticed, s': seconds(noticed), 'all held again, s': seconds(held) };
    },
  },
  {
    number: 9,
    fault: 'NATS is down for a long time at load',
    invariant: 'writes go on; what waits drains at least five times as fast as it came',
    async harm({ cluster, people, short }) {
      const from = people.now();
      const program = cluster.natsProgram;
      renameSync(program, `${program}.away`);
      await cluster.kill('nats');
      const down = short ? 15_000 : 120_000;
      await sleep(down);
      const waiting = await countEvents(cluster);
      renameSync(`${program}.away`, program);
      await untilNatsAnswers(cluster);
      const up = performance.now();
      await cluster.until(
        async () => (await countEvents(cluster)) < waiting / 20,
        'what waits does not drain',
        120_000,
      );
      const drained = performance.now() - up;
      const arrival = waiting / (down / 1000);
      const drain = (waiting * 0.95) / (drained / 1000);
      mustHold(
        drain >= 5 * arrival,
        `the drain is five times the arrival (${drain.toFixed(0)} and ${arrival.toFixed(0)} events/s)`,
      );
      noRequestMayFail(people, from);
      return {
        'down, s': down / 1000,
        'events waiting': waiting,
        'arrival, events/s': Math.round(arrival),
        'drain, events/s': Math.round(drain),
      };
    },
  },
  {
    number: 23,
    fault:
      'every event ever published goes out again under new message ids, and all consumers start from the beginning',
    invariant: 'nothing changes',
    inShort: true,
    async harm({ cluster, quiet, short }) {
      await sleep(short ? 6000 : 15_000);
      await quiet();
      await comeToRest(cluster);
      const effects = async () =>
        (
          await cluster.query<{ count: number }>(
            'SELECT (SELECT count(*) FROM recorder.effect)::int + (SELECT count(*) FROM recorder.step)::int AS count',
          )
        )[0]!.count;
      const before = await effects();
      let again = 0;
      for (const service of SERVICES) again += await publishAgain(cluster, service);
      for (const service of SERVICES)
        for (const { name } of consumersOf(service)) await removeConsumer(cluster, service, name);
      await untilConsumersAreDone(cluster);
      mustHold(
        again > 0 && before > 0,
        `there is something to publish again (${again}), and it had effects (${before})`,
      );
      const changed = (await effects()) - before;
      mustHold(changed === 0, `no row changes (${changed} did)`);
      return { 'events published again': again, 'rows changed': changed };
    },
  },
];

/** @returns milliseconds since `since` (of performance.now()) */
async function lossNoticed(cluster: Cluster, since: number): Promise<number> {
  await cluster.until(
    () => cluster.log().includes('the broker lost events'),
    'the loss is not noticed',
    NOTICE_LOSS_WITHIN_MS,
  );
  return performance.now() - since;
}

/** All that was published before `since` (of performance.now()) has its place in the stream again. */
async function allHeldAgain(cluster: Cluster, since: number): Promise<void> {
  const past = () => `${Math.ceil((performance.now() - since) / 1000)} s`;
  await cluster.until(
    async () =>
      (await countEvents(cluster, SERVICES, `occurred_at < now() - interval '${past()}' AND published_at IS NULL`)) ===
      0,
    'what was lost is not published again',
    NOTICE_LOSS_WITHIN_MS - (performance.now() - since),
  );
}
