import type { Actor, ChurnAlertView, JobView } from '#contracts';
import { feedAs, orderOf, type Json, type World } from './customer.fixture.js';
import { periodStart } from '../src/churn/churn.rules.js';

/** Settings are the defaults: six months, in Shanghai. */
export const ZONE = 'Asia/Shanghai';

/** The day so many months and days before `day`. */
export function before(day: string, months: number, days = 0): string {
  const date = new Date(`${periodStart(day, months)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - days);
  return date.toISOString().slice(0, 10);
}

/** What is done with customers, orders and alerts in the tests of churn. */
export function churnOf(world: World) {
  const { service, manager } = world;
  const api = (path: string) => `/api/v1${path}`;

  async function customer(owner: Actor, ref: string, since?: string): Promise<Json> {
    const { body } = await service.as(owner).post(api('/customers')).send({ name: ref, externalRef: ref }).expect(201);
    // Nobody becomes a customer in the past, but in a test.
    if (since)
      await service.query('UPDATE customer SET created_at = $2::date::timestamp AT TIME ZONE $3 WHERE id = $1', [
        body.id,
        since,
        ZONE,
      ]);
    return body as Json;
  }

  let version = 0;
  /** An order by the customer of this reference; `key` names it again. */
  async function order(ref: string, date: string, over: object = {}): Promise<void> {
    version += 1;
    const item = orderOf((name) => `${name}-${ref}-${date}`, { customerRef: ref, date, version, ...over });
    const { rejected } = await feedAs(world, 'orders', [item]);
    if (rejected.length > 0) throw new Error(JSON.stringify(rejected));
  }

  /** Runs a scan to its end, as a sales manager. */
  async function scan(asOf?: string): Promise<JobView> {
    const { body } = await service
      .as(manager)
      .post(api('/churn-scans'))
      .send(asOf ? { asOf } : {})
      .expect(202);
    return finished(body.id as string);
  }

  async function finished(jobId: string): Promise<JobView> {
    let job: JobView | undefined;
    await service.eventually(async () => {
      job = (
        await service
          .as(manager)
          .get(api(`/jobs/${jobId}`))
          .expect(200)
      ).body as JobView;
      return job.status !== 'queued' && job.status !== 'running';
    }, `job ${jobId} did not end`);
    if (job!.status !== 'succeeded') throw new Error(JSON.stringify(job));
    return job!;
  }

  /** Newest first. */
  async function alertsOf(customerId: string, actor: Actor = manager): Promise<ChurnAlertView[]> {
    const { body } = await service
      .as(actor)
      .get(api(`/churn-alerts?customerId=${customerId}`))
      .expect(200);
    return body.items as ChurnAlertView[];
  }

  const statusOf = async (customerId: string): Promise<string> =>
    (
      await service
        .as(manager)
        .get(api(`/customers/${customerId}`))
        .expect(200)
    ).body.status as string;

  /** What a person does about an alert. */
  const act = (actor: Actor, alertId: string, move: 'postpone' | 'measures' | 'confirm', body?: object) =>
    service
      .as(actor)
      .post(api(`/churn-alerts/${alertId}/${move}`))
      .send(body ?? (move === 'confirm' ? { reason: 'They closed down' } : { measure: 'Visited them' }));

  return { customer, order, scan, finished, alertsOf, statusOf, act };
}
export type Churn = ReturnType<typeof churnOf>;
