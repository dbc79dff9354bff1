import { CustomerCreated, type Envelope, OpportunityLinked, OpportunityWon, TOPOLOGY } from '#contracts';
import { Suite } from './suite.fixture.js';

interface Record {
  id: string;
  code: string;
  customerId: string | null;
  status: string;
}
type Client = Awaited<ReturnType<Suite['as']>>;

describe('The main job, through the gateway', () => {
  let suite: Suite;
  let manager: Client;
  let alice: Client;
  let aliceId: string;
  beforeAll(async () => {
    suite = await Suite.start();
    [manager, alice, aliceId] = [await suite.as('manager'), await suite.as('alice'), await suite.idOf('alice')];
  });
  afterAll(() => suite?.stop());

  const opportunity = {
    summary: 'First order',
    description: 'They asked for an offer',
    successRate: 60,
    source: undefined,
    contactName: '王芳',
    contactPhone: '010-5551234',
  };
  const readyToWin = async (customerName: string): Promise<Record> => {
    const created = await manager
      .post('/api/v1/opportunities')
      .send({ ...opportunity, customerName })
      .expect(201);
    const { id } = created.body as Record;
    await manager.post(`/api/v1/opportunities/${id}/assign`).send({ assigneeId: aliceId }).expect(200);
    const item = await alice
      .post(`/api/v1/opportunities/${id}/plan-items`)
      .send({ date: '2026-01-15', todo: 'Visit' })
      .expect(201);
    await alice
      .post(`/api/v1/opportunities/${id}/plan-items/${(item.body as Record).id}/result`)
      .send({ result: 'They agree' })
      .expect(200);
    return created.body as Record;
  };
  const customersOf = async (name: string): Promise<Array<Record & { ownerId: string; name: string }>> =>
    (
      (await manager.get('/api/v1/customers').query({ q: name }).expect(200)).body as {
        items: Array<Record & { ownerId: string; name: string }>;
      }
    ).items;

  it('MKT-6: a win makes the customer with its contact, owned by the assignee, and the opportunity shows it', async () => {
    const { id, code } = await readyToWin('华东机械有限公司');
    await alice.post(`/api/v1/opportunities/${code}/win`).expect(200);
    await suite.eventually(async () => (await customersOf('华东机械')).length === 1, 'no customer was made');
    const [customer] = await customersOf('华东机械');
    expect(customer).toMatchObject({
      name: '华东机械有限公司',
      ownerId: aliceId,
      status: 'active',
      sourceOpportunityId: id,
    });
    const contacts = await alice.get(`/api/v1/customers/${customer!.code}/contacts`).expect(200);
    expect((contacts.body as { items: object[] }).items).toMatchObject([{ name: '王芳', isPrimary: true }]);
    await suite.eventually(
      async () => ((await manager.get(`/api/v1/opportunities/${id}`)).body as Record).customerId === customer!.id,
      'the opportunity does not show its customer',
    );
  });

  it('SVC-7, CUS-4: what becomes of a ticket is on the timeline of its customer, for those who may read tickets', async () => {
    const name = 'Timeline Ltd';
    const made = await alice.post('/api/v1/customers').send({ name }).expect(201);
    const { id, code } = made.body as Record;
    const create = () =>
      manager
        .post('/api/v1/tickets')
        .send({ type: 'consultation', summary: 'When?', request: 'When will it come?', customerId: id });
    await suite.eventually(
      async () => (await create()).status === 201,
      'the ticket service does not know the customer',
    );
    const acts = async () =>
      (
        (await alice.get(`/api/v1/customers/${code}/timeline`).expect(200)).body as { items: { act: string }[] }
      ).items.map(({ act }) => act);
    await suite.eventually(async () => (await acts()).includes('ticket-created'), 'the timeline shows no ticket');
  });

  it('MKT-6: delivered again and again, the win still made one customer', async () => {
    const { id } = await readyToWin('Exactly Once Ltd');
    await alice.post(`/api/v1/opportunities/${id}/win`).expect(200);
    const won = await suite.events.published(OpportunityWon.type, (event) => event.subject === id);
    await suite.events.published(OpportunityLinked.type, (event) => event.subject === id);
    for (let times = 0; times < 5; times++) await suite.events.send(won);
    const { id: nextId } = await readyToWin('Exactly Once Ltd');
    await alice.post(`/api/v1/opportunities/${nextId}/win`).expect(200);
    await suite.events.published(OpportunityLinked.type, (event) => event.subject === nextId);
    const customers = await customersOf('Exactly Once Ltd');
    expect(customers).toHaveLength(1);
    expect(
      suite.events.heard.filter((event) => event.type === CustomerCreated.type && event.subject === customers[0]!.id),
    ).toHaveLength(1);
    const second = await manager.get(`/api/v1/opportunities/${nextId}`).expect(200);
    expect(second.body).toMatchObject({ status: 'won', customerId: customers[0]!.id });
  });

  it('MKT-6: several wins of the same company at once make one customer', async () => {
    const ready = await Promise.all(
      Array.from({ length: 6 }, (_, index) => readyToWin(index % 2 ? ' Same  Name Co' : 'SAME NAME CO')),
    );
    await Promise.all(ready.map(({ id }) => alice.post(`/api/v1/opportunities/${id}/win`).expect(200)));
    for (const { id } of ready) await suite.events.published(OpportunityLinked.type, (event) => event.subject === id);
    expect(await customersOf('same name co')).toHaveLength(1);
  });

  it('MKT-9, MKT-6: what a file says was won becomes a customer, with nobody doing anything further', async () => {
    const file = [
      'externalId,customerName,summary,description,successRate,status,assignee,closedAt,contactName',
      'J-1,Imported Co,First order,Years ago,90,won,alice,2020-01-31,张伟',
      'J-2,IMPORTED  CO,Second order,Years ago,90,won,alice,2021-01-31,张伟',
    ].join('\n');
    const send = async (): Promise<Record> => {
      const path = '/api/v1/opportunities/imports';
      const { body } = await manager.post(path).set('content-type', 'text/csv').send(file).expect(202);
      const job = async () => (await manager.get(`/api/v1/jobs/${(body as Record).id}`).expect(200)).body as Record;
      await suite.eventually(async () => (await job()).status === 'succeeded', 'the import did not end');
      return job();
    };
    expect(await send()).toMatchObject({ total: 2, processed: 2, failed: 0 });
    const imported = async () =>
      ((await manager.get('/api/v1/opportunities?externalId=J-1,J-2').expect(200)).body as { items: Record[] }).items;
    await suite.eventually(
      async () => (await imported()).every(({ customerId }) => customerId !== null),
      'the opportunities do not show their customer',
    );
    expect(await send()).toMatchObject({ processed: 2, failed: 0 });
    const [customer, ...others] = await customersOf('imported co');
    expect(others).toEqual([]);
    expect(customer).toMatchObject({ ownerId: aliceId, status: 'active' });
    const shown = await imported();
    expect(shown).toHaveLength(2);
    for (const each of shown) expect(each).toMatchObject({ status: 'won', customerId: customer!.id });
    // Of whichever was heard of first.
    const contacts = await alice.get(`/api/v1/customers/${customer!.id}/contacts`).expect(200);
    expect((contacts.body as { items: object[] }).items).toMatchObject([{ name: '张伟', isPrimary: true }]);
  });

  it('SVC-1 to SVC-4: a ticket goes from creation over a second round to the archive', async () => {
    const { id } = await readyToWin('Ticket Taker Inc');
    await alice.post(`/api/v1/opportunities/${id}/win`).expect(200);
    await suite.eventually(async () => (await customersOf('Ticket Taker')).length === 1, 'no customer was made');
    const [customer] = await customersOf('Ticket Taker');
    let ticket: Record | undefined;
    await suite.eventually(async () => {
      const answer = await manager
        .post('/api/v1/tickets')
        .send({ type: 'complaint', summary: 'Late', customerId: customer!.id, request: 'Where is it?' });
      ticket = answer.body as Record;
      return answer.status === 201;
    }, 'the service never knew the customer');
    const act = (client: Client, move: string, body: object) =>
      client.post(`/api/v1/tickets/${ticket!.code}/${move}`).send(body);
    await act(manager, 'assign', { assigneeId: aliceId }).expect(200);
    await act(alice, 'handle', { handling: 'Sent again' }).expect(200);
    expect((await act(alice, 'feedback', { result: 'Still nothing', satisfaction: 1 }).expect(200)).body).toMatchObject(
      { status: 'assigned' },
    );
    await act(alice, 'handle', { handling: 'Brought it over' }).expect(200);
    expect((await act(alice, 'feedback', { result: 'Thanks', satisfaction: 5 }).expect(200)).body).toMatchObject({
      status: 'archived',
    });
    expect((await act(alice, 'handle', { handling: 'Once more' }).expect(409)).body).toMatchObject({
      type: '/problems/illegal-transition',
    });
  });

  it('EVT-1: every event on the stream fits its schema', () => {
    const schemas = new Map(TOPOLOGY.map(({ event }) => [event.type, event.data]));
    expect(suite.events.heard.length).toBeGreaterThan(50);
    for (const event of suite.events.heard)
      expect({ type: event.type, ...schemas.get(event.type)!.safeParse(event.data) }).toMatchObject({
        type: event.type,
        success: true,
      });
  });

  it('EVT-3: the numbers of each record grow by one', () => {
    const seen = new Map<string, Envelope[]>();
    for (const event of suite.events.heard) {
      const key = `${event.type.split('.')[2]} ${event.subject}`;
      seen.set(key, [...(seen.get(key) ?? []), event]);
    }
    for (const events of seen.values()) {
      const numbers = [...new Set(events.map((event) => event.sequence))];
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it('ALL-6: one trace runs from the request through the event to the customer it made', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { id } = await readyToWin('Traceable GmbH');
    await alice
      .post(`/api/v1/opportunities/${id}/win`)
      .set('traceparent', `00-${traceId}-00f067aa0ba902b7-01`)
      .expect(200);
    const linked = await suite.events.published(OpportunityLinked.type, (event) => event.subject === id);
    expect(linked.traceparent).toContain(traceId);
  });

  it('ALL-4: with the ticket service away everything else works; tickets answer 503 with Retry-After', async () => {
    await suite.halt('service');
    const answer = await manager.get('/api/v1/tickets').expect(503);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(answer.body).toMatchObject({ type: '/problems/service-unavailable', status: 503 });
    const { id } = await readyToWin('Still Working AG');
    await alice.post(`/api/v1/opportunities/${id}/win`).expect(200);
    await suite.eventually(async () => (await customersOf('Still Working')).length === 1, 'no customer was made');
  });
});
