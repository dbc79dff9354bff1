import { ActivityRecorded, ActivityRemoved, ActivityUpdated } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { Activity } from './activity.entity.js';

const [customerId, author] = [v7(), v7()];
const visit = { date: '2026-03-05', kind: 'visit', summary: 'Shown around' };

describe('Activity', () => {
  it('CUS-4: says of itself what partners may know, and keeps the details inside', () => {
    const activity = Activity.record(customerId, { ...visit, detail: 'secret', place: 'Berlin' }, author);
    for (const [event, type] of [
      [activity.recorded(), ActivityRecorded.type],
      [activity.removed(), ActivityRemoved.type],
    ] as const) {
      expect(event).toMatchObject({ aggregateId: activity.id, data: { ...visit, customerId, authorId: author } });
      expect(event.definition.type).toBe(type);
      expect(JSON.stringify(event.data)).not.toMatch(/secret|Berlin/);
    }
  });

  it('CUS-4: an edit says what changed, from what to what; one that changes nothing says nothing', () => {
    const activity = Activity.record(customerId, { ...visit, place: 'Berlin' }, author);
    expect(activity.edit({ ...visit, place: 'Berlin', detail: null, contactId: undefined })).toBeUndefined();
    const edited = activity.edit({ place: null, kind: 'call', summary: 'Shown around' })!;
    expect(edited.changed).toEqual({ place: { from: 'Berlin', to: null }, kind: { from: 'visit', to: 'call' } });
    expect(edited.event.definition.type).toBe(ActivityUpdated.type);
    expect(activity.view('ACME')).toMatchObject({ place: null, kind: 'call', customerName: 'ACME', authorId: author });
    expect(activity.view('ACME')).not.toHaveProperty('searchText');
  });

  it('CUS-4: what to do next needs a day, whichever of the two is changed', () => {
    const refused = expect.objectContaining({
      code: 'validation-failed',
      fields: [expect.objectContaining({ path: 'nextFollowUpDate' })],
    });
    const todo = { nextFollowUpTodo: 'Call' };
    expect(() => Activity.record(customerId, { ...visit, ...todo }, author)).toThrow(refused);
    const activity = Activity.record(customerId, { ...visit, nextFollowUpDate: '2026-04-01' }, author);
    expect(activity.edit(todo)?.changed).toEqual({ nextFollowUpTodo: { from: null, to: 'Call' } });
    expect(() => activity.edit({ nextFollowUpDate: null })).toThrow(refused);
  });

  it('CUS-9: is searched by summary, detail, participants and place', () => {
    const activity = Activity.record(customerId, { ...visit, participants: '王 芳', place: 'Ｂerlin' }, author);
    expect(activity.searchText.split('\n')).toEqual(['shownaround', '王芳', 'berlin']);
    activity.edit({ detail: '合同-草案', place: null });
    expect(activity.searchText.split('\n')).toEqual(['shownaround', '合同草案', '王芳']);
  });
});
