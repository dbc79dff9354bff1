import { ACTIVITIES } from '../activity/activity.queries.js';
import { instant, type ExportTable } from './export-table.js';

const SELECT = {
  date: 't.date',
  customer: 'c.code',
  customerName: 'c.name',
  kind: 't.kind',
  summary: 't.summary',
  detail: 't.detail',
  place: 't.place',
  participants: 't.participants',
  contact: 'k.name',
  nextFollowUpDate: 't.next_follow_up_date',
  nextFollowUpTodo: 't.next_follow_up_todo',
  author: 'p.username',
  createdAt: instant('t.created_at'),
};

/** No import takes activities, so with codes it has all columns. */
export const activityTable: ExportTable = {
  name: 'activities',
  plan: ACTIVITIES,
  joins: 'LEFT JOIN contact k ON k.id = t.contact_id LEFT JOIN person p ON p.id = t.author_id',
  select: SELECT,
  columns: [
    { field: 'date', label: { en: 'Date', zh: '日期' }, width: 12 },
    { field: 'customer', label: { en: 'Customer number', zh: '客户编号' }, width: 14 },
    { field: 'customerName', label: { en: 'Customer', zh: '客户名称' }, width: 40 },
    { field: 'kind', label: { en: 'Kind', zh: '方式' }, width: 12, dictionary: 'activity_kind' },
    { field: 'summary', label: { en: 'Summary', zh: '概要' }, width: 40 },
    { field: 'detail', label: { en: 'Detail', zh: '详细内容' }, width: 60 },
    { field: 'place', label: { en: 'Place', zh: '地点' }, width: 20 },
    { field: 'participants', label: { en: 'Participants', zh: '参与人' }, width: 24 },
    { field: 'contact', label: { en: 'Contact', zh: '联系人' }, width: 16 },
    { field: 'nextFollowUpDate', label: { en: 'Next follow-up', zh: '下次跟进日期' }, width: 12 },
    { field: 'nextFollowUpTodo', label: { en: 'To do then', zh: '下次跟进内容' }, width: 40 },
    { field: 'author', label: { en: 'Author', zh: '记录人' }, width: 16 },
    { field: 'createdAt', label: { en: 'Recorded', zh: '录入时间' }, width: 22 },
  ],
  imported: Object.keys(SELECT),
};
