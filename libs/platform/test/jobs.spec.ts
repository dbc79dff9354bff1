import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CrmError, jobIdOf, type ProblemCode, type ProblemParameters, serviceOfJob, SERVICES } from '#contracts';
import { buffer } from 'node:stream/consumers';
import type { StreamableFile } from '@nestjs/common';
import { v7 } from 'uuid';
import { JobLease } from '../src/jobs/job-lease.js';
import { by, Counting, JobWorld, MANAGER, OTHER_MANAGER, STRANGER } from './jobs.fixture.js';

const GOOD = [1, 2, 3, 4, 5, 6, 8, 9, 10];
/** With its byte order mark, which decoding it as text would take away. */
const text = async (file: StreamableFile) => (await buffer(file.getStream())).toString();
const problem = (code: ProblemCode, parameters: ProblemParameters = {}): unknown =>
  expect.objectContaining({ code, parameters });

describe('Background jobs', () => {
  let world: JobWorld;
  beforeAll(async () => {
    world = await JobWorld.create();
  });
  afterAll(() => world?.close());
  afterEach(() => world.calm());

  it('run at once, and say how far they are and what they refused', async () => {
    const copy = await world.copy('one');
    const progress: unknown[] = [];
    copy.counting.before = async (next) => {
      const [row] = await world.query(`SELECT status, total, processed, failed FROM job`);
      progress.push({ next, ...row });
    };
    copy.run();
    const begun = performance.now();
    const queued = await copy.start('plain');
    expect(queued).toMatchObject({
      status: 'queued',
      kind: 'counting',
      processed: 0,
      errorsUrl: null,
      startedAt: null,
    });
    const job = await world.ended(queued.id);
    expect(performance.now() - begun).toBeLessThan(900);
    expect(progress).toEqual([
      { next: 1, status: 'running', total: null, processed: 0, failed: 0 },
      { next: 4, status: 'running', total: 10, processed: 3, failed: 0 },
      { next: 7, status: 'running', total: 10, processed: 6, failed: 0 },
      { next: 10, status: 'running', total: 10, processed: 9, failed: 1 },
    ]);
    const path = `/api/v1/jobs/${job.id}`;
    expect(job).toMatchObject({
      status: 'succeeded',
      total: 10,
      processed: 10,
      failed: 1,
      error: null,
      undoable: true,
    });
    expect(job).toMatchObject({ errorsUrl: `${path}/errors`, resultUrl: `${path}/result` });
    expect(await world.effects('plain')).toEqual(GOOD);
  });

  it('act in the name of who started them', async () => {
    const copy = await world.copy('one');
    copy.run();
    const { id } = await copy.start('whose', OTHER_MANAGER);
    await world.ended(id);
    const events = await world.query('SELECT FROM outbox WHERE actor_id = $1', [OTHER_MANAGER.id]);
    expect(events).toHaveLength(GOOD.length);
  });

  it('are seen by who started them and by who holds the right for all; to others they are not there', async () => {
    const copy = await world.copy('one');
    const creator = { ...STRANGER, id: v7() };
    const job = { parameters: { name: 'seen' } };
    const { id } = await copy.jobs.start(by(creator), Counting, job);
    for (const actor of [creator, OTHER_MANAGER]) expect(await copy.jobs.get(by(actor), id)).toMatchObject({ id });
    for (const act of ['get', 'errors', 'result', 'undo'] as const)
      await expect(copy.jobs[act](by(STRANGER), id)).rejects.toEqual(problem('not-found'));
    for (const nobodys of [v7(), jobIdOf('customer', v7()), jobIdOf('marketing', id), 'CUS-000001'])
      await expect(copy.jobs.get(by(MANAGER), nobodys)).rejects.toEqual(problem('not-found'));
    await copy.dataSource.query(`UPDATE job SET status = 'succeeded' WHERE id = $1`, [id]);
    await expect(copy.jobs.undo(by(creator), id)).rejects.toEqual(problem('forbidden', { right: 'customer.import' }));
  });

  it('CUS-8: errors and results are CSV in the language of the reader, with no cell that a spreadsheet would run', async () => {
    const copy = await world.copy('one');
    copy.run();
    const { id } = await copy.start('files');
    await world.ended(id);
    const read = (file: 'errors' | 'result', language: 'en' | 'zh') =>
      copy.jobs[file](by(MANAGER, language), id).then(text);
    const row = "'=7+1,a␀b\ufffd \\u0000 💥\r\n";
    expect(await read('errors', 'en')).toBe(`\ufeffline,field,reason,number,note\r\n7,number,is seven,${row}`);
    expect(await read('errors', 'zh')).toBe(`\ufeff行号,字段,原因,number,note\r\n7,number,是七,${row}`);
    const head = async (language: 'en' | 'zh') => (await read('result', language)).split('\r\n').slice(0, 4);
    expect(await head('en')).toEqual(['\ufeffline,square', '1,1', '2,4', '3,nine']);
    expect(await head('zh')).toEqual(['\ufeff行号,平方', '1,1', '2,4', '3,九']);
    const file = await copy.jobs.errors(by(MANAGER), id);
    expect(file.getHeaders().disposition).toBe('attachment; filename="counting-errors.csv"');
    file.getStream().destroy();
  });

  it('ALL-5: a stop in the middle ends behind a chunk; another copy goes on from there, nothing is done twice', async () => {
    const [one, two] = [await world.copy('one'), await world.copy('two')];
    const begun: string[] = [];
    for (const { counting } of [one, two]) counting.before = (next, name) => void begun.push(`${name} ${next}`);
    const stopped = new Promise<void>((resolve) => {
      one.counting.inside = (next) => {
        if (next === 4) resolve(one.stop());
      };
    });
    one.run();
    const { id } = await one.start('stopped');
    await stopped;
    expect(await world.effects('stopped')).toEqual([1, 2, 3, 4, 5, 6]);
    two.run();
    expect(await world.ended(id)).toMatchObject({ status: 'succeeded', processed: 10, failed: 1 });
    expect(begun).toEqual(['one 1', 'one 4', 'one 7', 'two 7', 'two 10']);
    expect(await world.effects('stopped')).toEqual(GOOD);
    expect(await world.eventsOf(id)).toBe(GOOD.length);
  });

  it('ALL-5: a copy that was taken for dead keeps nothing of what it still does', async () => {
    const [frozen, other] = [await world.copy('one'), await world.copy('two')];
    const woken = new Promise<void>((resolve) => {
      frozen.counting.before = async (next) => {
        if (next !== 4) return;
        await world.letLeasesRunOut();
        other.run();
        await world.ended(id);
        resolve();
      };
    });
    frozen.run();
    const { id } = await frozen.start('frozen');
    await woken;
    // Waits for the end of what the woken copy does.
    await frozen.stop();
    expect(await world.ended(id)).toMatchObject({ status: 'succeeded', processed: 10, failed: 1 });
    expect(await world.effects('frozen')).toEqual(GOOD);
    expect(await world.eventsOf(id)).toBe(GOOD.length);
  });

  it('ALL-5: a chunk that is in work is nobody else’s, however long it takes; of what a kill cuts off, nothing stays', async () => {
    const [one, two] = [await world.copy('one'), await world.copy('two')];
    const begun: string[] = [];
    for (const { counting } of [one, two]) counting.before = (next, name) => void begun.push(`${name} ${next}`);
    const killed = new Promise<void>((resolve) => {
      one.counting.inside = async (next) => {
        if (next !== 4) return;
        one.counting.inside = () => undefined;
        await world.query(
          `UPDATE job SET lease_until = now() WHERE id = (SELECT id FROM job WHERE status = 'running' FOR UPDATE SKIP LOCKED)`,
        );
        expect(await JobLease.take(two.dataSource, ['counting'])).toBeUndefined();
        resolve();
        // As a kill does it: the session is gone, and its transaction with it.
        await world.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE '%effect%'`,
        );
      };
    });
    one.run();
    const { id } = await one.start('killed');
    await killed;
    await one.stop();
    expect(await world.effects('killed')).toEqual([1, 2, 3]);
    await world.letLeasesRunOut();
    two.run();
    expect(await world.ended(id)).toMatchObject({ status: 'succeeded', processed: 10, failed: 1 });
    expect(begun).toEqual(['one 1', 'one 4', 'two 4', 'two 7', 'two 10']);
    expect(await world.effects('killed')).toEqual(GOOD);
    expect(await world.eventsOf(id)).toBe(GOOD.length);
  });

  it('what passes is tried again from the last chunk, what does not ends the job with its problem', async () => {
    const copy = await world.copy('one');
    let failures = 0;
    copy.counting.inside = (next) => {
      if (next === 4 && failures++ < 2) throw Object.assign(new Error('gone'), { code: '57P01' });
    };
    copy.run();
    const passing = await copy.start('passing');
    expect(await world.ended(passing.id)).toMatchObject({ status: 'succeeded', processed: 10, failed: 1 });
    expect(failures).toBe(3);
    expect(await world.effects('passing')).toEqual(GOOD);

    let deadlocks = 0;
    copy.counting.inside = (next) => {
      if (next === 4 && deadlocks++ < 10) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    };
    const unlucky = await copy.start('unlucky');
    expect(await world.ended(unlucky.id)).toMatchObject({ status: 'succeeded', processed: 10, failed: 1 });
    expect(await world.effects('unlucky')).toEqual(GOOD);

    copy.counting.inside = (next) => {
      if (next === 4) throw new CrmError('unknown-reference', { field: 'customer' });
    };
    const refused = await copy.start('refused');
    const error = { type: '/problems/unknown-reference', detail: 'customer names no existing record.' };
    expect(await world.ended(refused.id)).toMatchObject({ status: 'failed', processed: 3, error });
    expect(await world.effects('refused')).toEqual([1, 2, 3]);

    copy.counting.inside = () => {
      throw new TypeError('a mistake of ours');
    };
    const broken = await copy.start('broken');
    expect(await world.ended(broken.id)).toMatchObject({ status: 'failed', error: { type: '/problems/internal' } });
  });

  it('a job that ends its process again and again is given up', async () => {
    const copy = await world.copy('one');
    const { id } = await copy.start('doomed');
    await world.query('UPDATE job SET attempts = 20 WHERE id = $1', [id]);
    copy.run();
    expect(await world.ended(id)).toMatchObject({ status: 'failed', error: { type: '/problems/internal' } });
    expect(await world.effects('doomed')).toEqual([]);
  });

  it('a chunk that leaves the position where it was is no progress for that', async () => {
    const copy = await world.copy('one');
    const { id } = await copy.start('waiting');
    const lease = new JobLease(copy.dataSource, (await JobLease.take(copy.dataSource, ['counting']))!);
    const attempts = async (next: number) => {
      await copy.uow.run(by(MANAGER), (tx) => lease.keep(tx, { position: { next }, processed: 0 }));
      const [job] = await world.query<{ attempts: number }>('SELECT attempts FROM job WHERE id = $1', [id]);
      return job!.attempts;
    };
    expect(await attempts(1)).toBe(0);
    await world.query('UPDATE job SET attempts = 5 WHERE id = $1', [id]);
    expect(await attempts(1)).toBe(5);
    expect(await attempts(4)).toBe(0);
    await lease.fail(new CrmError('internal'));
  });

  it('an undo is a job of its own, and takes back once', async () => {
    const copy = await world.copy('one');
    const { id } = await copy.start('undone');
    const undo = () => copy.jobs.undo(by(MANAGER), id);
    const refusal = (state: string) => problem('illegal-transition', { move: 'undo', state, allowed: [] });
    await expect(undo()).rejects.toEqual(refusal('queued'));
    copy.run();
    await world.ended(id);
    expect(await world.effects('undone')).toEqual(GOOD);

    const [first, second] = await Promise.allSettled([undo(), undo()]);
    expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
    const { undo: undoing } = await copy.jobs.get(by(MANAGER), id);
    const job = await world.ended(undoing!.jobId);
    expect(job).toMatchObject({ status: 'succeeded', undoes: id, undoable: false, processed: GOOD.length });
    expect(await world.effects('undone')).toEqual([]);
    await expect(undo()).rejects.toEqual(refusal('undone'));
    expect(await copy.jobs.get(by(MANAGER), id)).toMatchObject({ undoable: false, undo: { status: 'succeeded' } });
    await expect(copy.jobs.undo(by(MANAGER), job.id)).rejects.toEqual(
      problem('not-undoable', { reason: 'it takes another one back itself · 它本身就是一次撤销' }),
    );
    const kept = await text(await copy.jobs.result(by(MANAGER), job.id));
    expect(kept).toBe("\ufeffline,kept\r\n1,'=nothing\r\n");
  });

  it('the id of a job says which service runs it', () => {
    for (const service of SERVICES) {
      const id = jobIdOf(service, v7());
      expect(serviceOfJob(id)).toBe(service === 'customer' || service === 'marketing' ? service : undefined);
    }
    expect(serviceOfJob('f')).toBeUndefined();
  });
});
