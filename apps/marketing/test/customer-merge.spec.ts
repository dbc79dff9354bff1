import { CustomerCreated, CustomerMerged, CustomerMergeUndone, type DataOf, OpportunityLinked } from '#contracts';
import { mergeHistory } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

let marketing: Marketing;
beforeAll(async () => {
  marketing = await startMarketing();
});
afterAll(() => marketing?.service.stop());

type Facts = DataOf<typeof CustomerCreated>;
/** A customer, and the opportunity that became it. */
async function customer(): Promise<{ facts: Facts; opportunityId: string }> {
  const { manager, alice } = marketing.people;
  const { id } = await marketing.won(manager, alice);
  const facts: Facts = {
    customerId: v7(),
    code: 'CUS-000001',
    name: 'Blue Whale Ltd',
    status: 'active',
    ownerId: alice.id,
    externalRef: null,
    region: null,
    level: null,
    satisfaction: null,
    credit: null,
    industry: null,
    sourceOpportunityId: id,
  };
  await marketing.service.deliver(CustomerCreated.of(facts.customerId, facts));
  return { facts, opportunityId: id };
}
const opportunity = async (id: string) =>
  (await marketing.service.as(marketing.people.manager).get(`/api/v1/opportunities/${id}`).expect(200)).body;

const Step = fc.record({ undo: fc.boolean(), one: fc.nat(3), other: fc.nat(3) });

describe('a won opportunity whose customer is merged', () => {
  it('CUS-6, MKT-10: shows the survivor, says so, and shows its own customer again after an undo', async () => {
    const [one, other] = [await customer(), await customer()];
    const merge = { ...one.facts, intoId: other.facts.customerId, mergeId: v7() };
    await marketing.service.deliver(CustomerMerged.of(merge.customerId, merge));
    expect(await opportunity(one.opportunityId)).toMatchObject({ status: 'won', customerId: other.facts.customerId });
    await marketing.service.events.published(
      OpportunityLinked.type,
      ({ subject, data }) =>
        subject === one.opportunityId && (data as { customerId: string }).customerId === other.facts.customerId,
    );
    const path = `/api/v1/opportunities/${one.opportunityId}/timeline`;
    const { body } = await marketing.service.as(marketing.people.manager).get(path).expect(200);
    expect(body.items[0]).toMatchObject({ act: 'linked', details: { customerId: other.facts.customerId } });
    await marketing.service.deliver(CustomerMergeUndone.of(merge.customerId, merge));
    expect(await opportunity(one.opportunityId)).toMatchObject({ customerId: one.facts.customerId });
    expect(await opportunity(other.opportunityId)).toMatchObject({ customerId: other.facts.customerId });
  });

  it('CUS-6, EVT-2: whatever is merged and undone, told twice or late, it is the survivor at the end, and a merge with its undo is nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(Step, { maxLength: 12, size: 'max' }),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (steps, disorder) => {
          const first = await customer();
          const customers = [
            first.facts,
            ...[1, 2, 3].map(() => ({ ...first.facts, customerId: v7(), sourceOpportunityId: null })),
          ];
          const moments = mergeHistory(customers, steps);
          const envelopes = moments.map(({ event }) => marketing.service.events.envelope(event));
          const sent = [...envelopes];
          // Each number sends one once more, or later.
          disorder.forEach((number, index) => {
            if (sent.length === 0) return;
            const at = number % sent.length;
            if (index % 2 === 0) sent.push(sent[at]!);
            else sent.push(...sent.splice(at, 1));
          });
          await marketing.service.events.send(...sent);
          await marketing.service.applied(...envelopes);
          expect(await opportunity(first.opportunityId)).toMatchObject({
            customerId: customers[moments.at(-1)?.stands[0] ?? 0]!.customerId,
          });
        },
      ),
      { numRuns: 12 },
    );
    expect(await marketing.service.query(`SELECT 1 FROM dead_letter WHERE status = 'dead'`)).toEqual([]);
  });
});
