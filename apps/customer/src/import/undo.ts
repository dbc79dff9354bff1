import type { JobColumn } from '#platform';
import { CUSTOMER_ACTS } from '../timeline/customer.timeline.js';

/** What is told of each customer or contact that an undo looked at. */
export const UNDO_RESULT: readonly JobColumn[] = [
  { field: 'code', label: { en: 'customer number', zh: '客户编号' } },
  {
    field: 'outcome',
    label: { en: 'outcome', zh: '结果' },
    values: { taken_back: { en: 'taken back', zh: '已撤销' }, kept: { en: 'kept', zh: '保留' } },
  },
  { field: 'reason', label: { en: 'what happened to it since', zh: '此后的变更' }, values: CUSTOMER_ACTS },
];
