import {
  TicketArchived,
  TicketAssigned,
  TicketCreated,
  TicketHandled,
  TicketReturned,
  TicketUpdated,
  TicketWithdrawn,
} from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { Ticket } from './ticket.entity.js';

const creator = v7();
const assignee = v7();
const customerId = v7();
const input = {
  type: 'complaint',
  summary: '交货 延迟',
  customerId,
  request: 'Where is it?',
  priority: 'normal' as const,
};
const created = () => Ticket.create(input, 'TKT-000001', creator).ticket;
const assigned = () => after(created(), (ticket) => ticket.assign(assignee));
const handled = () => after(assigned(), (ticket) => ticket.handle('Sent again', assignee));
const archived = () => after(handled(), (ticket) => ticket.feedback({ result: 'Content', satisfaction: 3 }));

function after(ticket: Ticket, act: (ticket: Ticket) => unknown): Ticket {
  act(ticket);
  return ticket;
}

describe('Ticket', () => {
  it('SVC-1: starts as created, with who made it and when', () => {
    const { ticket, event } = Ticket.create(input, 'TKT-000001', creator);
    expect(ticket.view({ customerName: 'ACME', contactName: null })).toMatchObject({
      ...input,
      code: 'TKT-000001',
      version: 1,
      status: 'created',
      customerName: 'ACME',
      contactId: null,
      creatorId: creator,
      assigneeId: null,
      handling: null,
      satisfaction: null,
    });
    expect(event).toMatchObject({
      definition: TicketCreated,
      aggregateId: ticket.id,
      data: { ticketId: ticket.id, status: 'created' },
    });
  });

  it('SVC-2: assigning notes the person and the time', () => {
    const ticket = created();
    expect(ticket.assign(assignee)).toMatchObject({
      definition: TicketAssigned,
      data: { assigneeId: assignee, status: 'assigned' },
    });
    expect(ticket).toMatchObject({ status: 'assigned', assigneeId: assignee, assignedAt: expect.any(Date) });
  });

  it('SVC-3: handling notes the text, the person and the time', () => {
    const ticket = assigned();
    expect(ticket.handle('Sent again', assignee)).toMatchObject({
      definition: TicketHandled,
      data: { handling: 'Sent again' },
    });
    expect(ticket).toMatchObject({
      status: 'handled',
      handling: 'Sent again',
      handledBy: assignee,
      handledAt: expect.any(Date),
    });
  });

  it.each([3, 4, 5])('SVC-4: a satisfaction of %i archives', (satisfaction) => {
    const ticket = handled();
    expect(ticket.feedback({ result: 'Fine', satisfaction })).toMatchObject({
      definition: TicketArchived,
      data: { satisfaction, round: 1 },
    });
    expect(ticket).toMatchObject({ status: 'archived', result: 'Fine', satisfaction, archivedAt: expect.any(Date) });
  });

  it.each([1, 2])('SVC-4: a satisfaction of %i sends it back to the same person for another round', (satisfaction) => {
    const ticket = handled();
    const event = ticket.feedback({ result: 'Not yet', satisfaction });
    expect(event).toMatchObject({
      definition: TicketReturned,
      data: { round: 1, handling: 'Sent again', satisfaction },
    });
    expect(ticket).toMatchObject({ status: 'assigned', assigneeId: assignee, round: 2, archivedAt: null });

    ticket.handle('Brought it by hand', assignee);
    expect(ticket).toMatchObject({
      status: 'handled',
      handling: 'Brought it by hand',
      result: null,
      satisfaction: null,
    });
    expect(ticket.feedback({ result: 'Good', satisfaction: 5 })).toMatchObject({
      definition: TicketArchived,
      data: { round: 2, handling: 'Brought it by hand' },
    });
  });

  it('SVC-5: an edit says what changed, from what to what; one that changes nothing says nothing', () => {
    const ticket = created();
    const contactId = v7();
    const update = ticket.update({ summary: 'Late delivery', request: input.request, contactId });
    expect(update?.changed).toEqual({
      summary: { from: '交货 延迟', to: 'Late delivery' },
      contactId: { from: null, to: contactId },
    });
    expect(update?.event).toMatchObject({ definition: TicketUpdated, data: { summary: 'Late delivery', contactId } });
    expect(ticket.update({ summary: 'Late delivery' })).toBeUndefined();
    expect(ticket.update({ contactId: null })?.changed).toEqual({ contactId: { from: contactId, to: null } });
  });

  it('SVC-5: withdrawing hides it and keeps the row', () => {
    const ticket = created();
    expect(ticket.withdraw()).toMatchObject({
      definition: TicketWithdrawn,
      data: { code: 'TKT-000001', customerId },
    });
    expect(ticket.deletedAt).toEqual(expect.any(Date));
  });

  it('finds number, summary, request and handling, folded', () => {
    expect(created().searchText).toBe('tkt000001\n交货延迟\nwhereisit?');
    expect(handled().searchText).toBe('tkt000001\n交货延迟\nwhereisit?\nsentagain');
  });

  const acts = {
    update: (ticket: Ticket) => ticket.update({ summary: 'x' }),
    withdraw: (ticket: Ticket) => ticket.withdraw(),
    assign: (ticket: Ticket) => ticket.assign(assignee),
    handle: (ticket: Ticket) => ticket.handle('x', assignee),
    feedback: (ticket: Ticket) => ticket.feedback({ result: 'x', satisfaction: 1 }),
  };
  const states = [
    { state: 'created', make: created, open: ['update', 'withdraw', 'assign'] },
    { state: 'assigned', make: assigned, open: ['handle'] },
    { state: 'handled', make: handled, open: ['feedback'] },
    { state: 'archived', make: archived, open: [] as string[] },
  ];
  const pairs = states.flatMap(({ state, make, open }) =>
    Object.entries(acts).map(([move, act]) => ({ state, make, move, act, open, legal: open.includes(move) })),
  );

  it.each(pairs.filter(({ legal }) => legal))('SVC-2: $move is possible while $state', ({ make, act }) => {
    expect(() => act(make())).not.toThrow();
  });

  it.each(pairs.filter(({ legal }) => !legal))(
    'SVC-2: $move is refused while $state, naming the open moves',
    ({ state, make, move, act, open }) => {
      const ticket = make();
      const before = { ...ticket };
      const refusal =
        move === 'update'
          ? {
              code: 'read-only',
              parameters: { state, fields: ['summary'], allowed: open },
              fields: [expect.objectContaining({ path: 'summary' })],
            }
          : { code: 'illegal-transition', parameters: { move, state, allowed: open } };
      expect(() => act(ticket)).toThrow(expect.objectContaining({ status: 409, ...refusal }));
      expect({ ...ticket }).toEqual(before);
    },
  );
});
