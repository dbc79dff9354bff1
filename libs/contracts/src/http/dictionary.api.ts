import { z } from 'zod';
import type { Bilingual } from '../errors.js';
import { defineRoutes } from './define-routes.js';
import { Code, Name, page, PickedCode, Version } from './fields.js';

interface DictionaryTypeFacts {
  readonly label: Bilingual;
  /** Its entries may have a parent. */
  readonly tree?: true;
  /** The contracts themselves name its values, so nobody adds any; what is here are their labels. */
  readonly fixed?: true;
}

/** What can be picked from lists. The types belong to the code, their entries to the administrators (DIC-1). */
export const DICTIONARY_TYPES = {
  opportunity_source: { label: { en: 'Opportunity source', zh: '机会来源' } },
  opportunity_stage: { label: { en: 'Opportunity stage', zh: '机会阶段' } },
  region: { label: { en: 'Region', zh: '地区' }, tree: true },
  customer_level: { label: { en: 'Customer level', zh: '客户等级' } },
  satisfaction: { label: { en: 'Satisfaction', zh: '满意度' }, fixed: true },
  credit: { label: { en: 'Credit', zh: '信用度' }, fixed: true },
  industry: { label: { en: 'Industry', zh: '行业' } },
  company_nature: { label: { en: 'Company nature', zh: '企业性质' } },
  company_type: { label: { en: 'Company type', zh: '企业类型' } },
  gender: { label: { en: 'Gender', zh: '性别' }, fixed: true },
  activity_kind: { label: { en: 'Activity kind', zh: '交往方式' } },
  ticket_type: { label: { en: 'Ticket type', zh: '服务类型' } },
  ticket_priority: { label: { en: 'Ticket priority', zh: '服务优先级' }, fixed: true },
} as const satisfies Record<string, DictionaryTypeFacts>;
export type DictionaryType = keyof typeof DICTIONARY_TYPES;
export const dictionaryTypeFacts = (type: DictionaryType): DictionaryTypeFacts => DICTIONARY_TYPES[type];

const Label = z.strictObject({ zh: Name, en: Name });
const Order = z.int().min(0).max(1_000_000);

/** Without `order` it comes last. */
export const DictionaryEntryInput = z.strictObject({
  code: Code,
  label: Label,
  order: Order.optional(),
  parent: PickedCode.nullish(),
});
export type DictionaryEntryInput = z.infer<typeof DictionaryEntryInput>;
/** `active: false` retires an entry, `true` takes it back into use. */
export const DictionaryEntryChanges = z.strictObject({
  label: Label.optional(),
  order: Order.optional(),
  active: z.boolean().optional(),
  parent: PickedCode.nullish(),
});
export type DictionaryEntryChanges = z.infer<typeof DictionaryEntryChanges>;

export const DictionaryEntryView = z
  .object({
    type: z.string(),
    code: z.string(),
    version: Version,
    label: z.object({ zh: z.string(), en: z.string() }),
    order: z.int(),
    active: z.boolean(),
    editable: z.boolean(),
    parent: z.string().nullable(),
    level: z.int().meta({ description: '1 at the top: of regions a country, 2 a province, 3 a city' }),
    path: z.array(z.string()).meta({ description: 'Codes from the top down to the entry itself' }),
  })
  .meta({ id: 'DictionaryEntry' });
export type DictionaryEntryView = z.infer<typeof DictionaryEntryView>;

export const DictionaryTypeView = z
  .object({
    type: z.string(),
    label: z.object({ zh: z.string(), en: z.string() }),
    tree: z.boolean(),
    fixed: z.boolean().meta({ description: 'No entry can be added' }),
  })
  .meta({ id: 'DictionaryType' });
export type DictionaryTypeView = z.infer<typeof DictionaryTypeView>;

export const DictionaryRoutes = defineRoutes('customer', 'dictionary', {
  listDictionaryTypes: {
    method: 'GET',
    path: '/dictionary',
    access: 'dictionary.read',
    summary: 'The dictionaries that there are · 字典类型',
    response: page(DictionaryTypeView),
  },
  listDictionary: {
    method: 'GET',
    path: '/dictionary/:type',
    access: 'dictionary.read',
    summary: 'Entries of one dictionary, in their order; retired ones too · 数据字典',
    list: {
      filters: { active: 'boolean', parent: 'code', level: 'int' },
      sorts: ['order'],
      defaultSort: 'order',
    },
    response: page(DictionaryEntryView),
    record: 'dictionary',
  },
  addDictionaryEntry: {
    method: 'POST',
    path: '/dictionary/:type',
    access: 'dictionary.write',
    summary: 'Add an entry · 新增字典项',
    body: DictionaryEntryInput,
    response: DictionaryEntryView,
    status: 201,
    record: 'dictionary',
  },
  getDictionaryEntry: {
    method: 'GET',
    path: '/dictionary/:type/:code',
    access: 'dictionary.read',
    summary: 'One entry · 字典项详情',
    response: DictionaryEntryView,
    record: 'dictionary-entry',
  },
  updateDictionaryEntry: {
    method: 'PATCH',
    path: '/dictionary/:type/:code',
    access: 'dictionary.write',
    summary: 'Change label, order or parent; retire or take back into use · 修改、停用或启用字典项',
    body: DictionaryEntryChanges,
    response: DictionaryEntryView,
    record: 'dictionary-entry',
  },
  removeDictionaryEntry: {
    method: 'DELETE',
    path: '/dictionary/:type/:code',
    access: 'dictionary.write',
    summary: 'Remove an entry that was never used; one in use is retired instead · 删除从未使用的字典项',
    record: 'dictionary-entry',
  },
});
