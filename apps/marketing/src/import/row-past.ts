import { Loss, OPPORTUNITY_STATUSES, type OpportunityStatus } from '#contracts';
import { bilingualErrors, fold, type RowError } from '#platform';
import type { Past } from '../opportunity/opportunity.entity.js';
import { instantOf } from './row-time.js';
import type { ImportReference } from './import-reference.js';

type Values = Readonly<Record<string, string>>;
const STATUS_WORDS: Readonly<Record<string, OpportunityStatus>> = {
  ...Object.fromEntries(OPPORTUNITY_STATUSES.map((status) => [status, status])),
  未指派: 'unassigned',
  已指派: 'assigned',
  开发成功: 'won',
  开发失败: 'lost',
};
/** What a record of the status can not have. */
const NOT_IN: Readonly<Record<OpportunityStatus, readonly string[]>> = {
  unassigned: ['assignee', 'assignedAt', 'closedAt', 'closeReason'],
  assigned: ['closedAt', 'closeReason'],
  won: [],
  lost: [],
};

/** The life of a record before its import, or undefined with `errors` that say why there is none. */
export function pastOf(values: Values, reference: ImportReference, errors: RowError[]): Past | undefined {
  const before = errors.length;
  const status = statusOf(values, errors);
  const creatorId = creatorOf(values.createdBy, reference, errors);
  if (status)
    for (const field of NOT_IN[status])
      if (values[field] !== undefined) errors.push({ field, code: 'not_in_status', message: notIn(status) });
  const isClosed = status === 'won' || status === 'lost';
  const assigneeId =
    status === undefined || status === 'unassigned'
      ? undefined
      : assigneeOf(values.assignee, isClosed, reference, errors);
  const reason = reasonOf(status, values.closeReason, errors);
  const times = timesOf(status, values, reference, errors);
  if (errors.length > before || !creatorId || !times) return undefined;
  const { createdAt, assignedAt, closedAt } = times;
  return {
    creatorId,
    createdAt,
    ...(assigneeId ? { assigned: { to: assigneeId, at: assignedAt } } : {}),
    ...(isClosed ? { closed: { status, at: closedAt, reason } } : {}),
  };
}

function statusOf(values: Values, errors: RowError[]): OpportunityStatus | undefined {
  if (values.status === undefined) return values.assignee === undefined ? 'unassigned' : 'assigned';
  const status = Object.hasOwn(STATUS_WORDS, fold(values.status)) ? STATUS_WORDS[fold(values.status)] : undefined;
  if (!status) errors.push({ field: 'status', code: 'invalid_value', message: STATUS });
  return status;
}

/** Whoever it was: people who left have created records, too. */
function creatorOf(
  username: string | undefined,
  { actor, people }: ImportReference,
  errors: RowError[],
): string | undefined {
  if (username === undefined) return actor.id;
  const person = people.get(username.trim().toLowerCase());
  if (!person) errors.push({ field: 'createdBy', code: 'unknown_user', message: UNKNOWN_USER });
  return person?.id;
}

/** What is closed may have been the work of somebody who left; what is open needs somebody who goes on with it. */
function assigneeOf(
  username: string | undefined,
  isClosed: boolean,
  { people }: ImportReference,
  errors: RowError[],
): string | undefined {
  if (username === undefined) {
    errors.push({ field: 'assignee', code: 'required', message: NEEDS_ASSIGNEE });
    return undefined;
  }
  const person = people.get(username.trim().toLowerCase());
  if (person?.eligible || (isClosed && person && !person.active)) return person.id;
  errors.push({ field: 'assignee', code: 'person_not_eligible', message: isClosed ? NOT_A_DEVELOPER : NOT_ELIGIBLE });
  return undefined;
}

function reasonOf(
  status: OpportunityStatus | undefined,
  reason: string | undefined,
  errors: RowError[],
): string | null {
  if (reason === undefined && status !== 'lost') return null;
  if (reason === undefined) errors.push({ field: 'closeReason', code: 'required', message: NEEDS_REASON });
  else errors.push(...bilingualErrors(Loss, { reason }).map((error) => ({ ...error, field: 'closeReason' })));
  return reason ?? null;
}

const TIMES = ['createdAt', 'assignedAt', 'closedAt'] as const;
type Times = Record<(typeof TIMES)[number], Date>;

/** A time that is not given is that of the import, or of what came next where that was earlier. */
function timesOf(
  status: OpportunityStatus | undefined,
  values: Values,
  { now, timeZone }: ImportReference,
  errors: RowError[],
): Times | undefined {
  const before = errors.length;
  const given: Partial<Times> = {};
  for (const field of TIMES) {
    const cell = values[field];
    if (cell === undefined || (status && NOT_IN[status].includes(field))) continue;
    const instant = instantOf(cell, timeZone);
    if (!instant) errors.push({ field, code: 'invalid_value', message: NO_INSTANT });
    else if (instant > now) errors.push({ field, code: 'in_the_future', message: IN_THE_FUTURE });
    else given[field] = instant;
  }
  if (errors.length > before) return undefined;
  const closedAt = given.closedAt ?? now;
  const assignedAt = given.assignedAt ?? closedAt;
  const createdAt = given.createdAt ?? (assignedAt < closedAt ? assignedAt : closedAt);
  if (assignedAt < createdAt) errors.push(tooEarly(given.assignedAt ? 'assignedAt' : 'closedAt', 'createdAt'));
  if (closedAt < assignedAt) errors.push(tooEarly('closedAt', 'assignedAt'));
  return { createdAt, assignedAt, closedAt };
}

const tooEarly = (field: string, than: string): RowError => ({
  field,
  code: 'too_early',
  message: { en: `must not be before ${than}`, zh: `不得早于 ${than}` },
});
const notIn = (status: OpportunityStatus) => ({
  en: `a record of the status "${status}" has none`,
  zh: `状态为“${status}”的记录没有此项`,
});
const STATUS = {
  en: `one of ${OPPORTUNITY_STATUSES.join(', ')}`,
  zh: '未指派、已指派、开发成功、开发失败之一',
};
const UNKNOWN_USER = { en: 'must be the username of a user', zh: '必须是某个用户的用户名' };
const NEEDS_ASSIGNEE = { en: 'must be given, except for the status "unassigned"', zh: '除“未指派”外必填' };
const NEEDS_REASON = { en: 'must be given for what was lost', zh: '开发失败必须填写原因' };
const NOT_ELIGIBLE = {
  en: 'must be the username of an active user who holds opportunity.develop for their own records',
  zh: '必须是一名在职且对自己的记录拥有 opportunity.develop 的用户的用户名',
};
const NOT_A_DEVELOPER = {
  en: 'must be the username of a user who holds opportunity.develop for their own records, or has left',
  zh: '必须是对自己的记录拥有 opportunity.develop 的用户或已离职用户的用户名',
};
const NO_INSTANT = {
  en: 'a time like 2026-01-31T08:00:00Z, or a day or time of the business time zone like 2026-01-31 16:00',
  zh: '时间,如 2026-01-31T08:00:00Z;或业务时区的日期、时间,如 2026-01-31 16:00',
};
const IN_THE_FUTURE = { en: 'lies in the future', zh: '不能是将来的时间' };
