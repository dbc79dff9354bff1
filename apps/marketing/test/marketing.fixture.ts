import { type Actor, DictionaryEntryAdded, type OpportunityView } from '#contracts';
import { startTestService, type TestService } from '#testing';
import { v7 } from 'uuid';
import { start } from '../src/app.js';

const ENTRIES: ReadonlyArray<{ type: string; code: string; active: boolean }> = [
  ...['prospecting', 'qualification', 'proposal', 'negotiation'].map((code) => ({
    type: 'opportunity_stage',
    code,
    active: true,
  })),
  { type: 'opportunity_source', code: 'fair', active: true },
  { type: 'opportunity_source', code: 'web', active: true },
  { type: 'opportunity_source', code: 'retired', active: false },
  { type: 'region', code: 'cn-31', active: true },
];

/** A running marketing service that knows some people and the dictionary by the other services' events. */
export async function startMarketing() {
  const service = await startTestService('marketing', start);
  await service.knowRoles();
  await service.deliver(
    ...ENTRIES.map((entry, order) => {
      const entryId = v7();
      return DictionaryEntryAdded.of(entryId, {
        ...entry,
        entryId,
        label: { zh: entry.code, en: entry.code },
        order,
        editable: true,
      });
    }),
  );
  const people = {
    manager: await service.person('sales_manager', 'manager'),
    mia: await service.person('sales_manager', 'mia'),
    alice: await service.person('account_manager', 'alice'),
    bob: await service.person('account_manager', 'bob'),
    gone: await service.person('account_manager', 'gone', 'disabled'),
    executive: await service.person('executive', 'executive'),
    /** A role that somebody made: sees everything, develops only what is assigned to them. */
    mentor: mentor(),
  };
  return { service, people, ...doors(service) };
}
export type Marketing = Awaited<ReturnType<typeof startMarketing>>;

const mentor = (): Actor => ({
  id: v7(),
  name: 'mentor',
  kind: 'user',
  rights: { 'opportunity.read': 'all', 'opportunity.update': 'own', 'opportunity.develop': 'own' },
});

/** Short cuts through the API that every test needs. */
function doors(service: TestService) {
  const create = async (actor: Actor, more: object = {}): Promise<OpportunityView> => {
    const body = {
      customerName: 'Blue Whale Ltd',
      summary: 'Wants 400 licences',
      description: 'Met at the fair',
      successRate: 40,
      ...more,
    };
    const answer = await service.as(actor).post('/api/v1/opportunities').send(body).expect(201);
    return answer.body as OpportunityView;
  };
  const assigned = async (manager: Actor, assignee: Actor, more: object = {}): Promise<OpportunityView> => {
    const { id } = await create(manager, more);
    const answer = await service
      .as(manager)
      .post(`/api/v1/opportunities/${id}/assign`)
      .send({ assigneeId: assignee.id })
      .expect(200);
    return answer.body as OpportunityView;
  };
  const won = async (manager: Actor, assignee: Actor, more: object = {}): Promise<OpportunityView> => {
    const { id } = await assigned(manager, assignee, more);
    const path = `/api/v1/opportunities/${id}`;
    const step = await service
      .as(assignee)
      .post(`${path}/plan-items`)
      .send({ date: '2026-01-02', todo: 'call' })
      .expect(201);
    await service
      .as(assignee)
      .post(`${path}/plan-items/${step.body.id}/result`)
      .send({ result: 'they agreed' })
      .expect(200);
    return (await service.as(assignee).post(`${path}/win`).expect(200)).body as OpportunityView;
  };
  return { create, assigned, won };
}
