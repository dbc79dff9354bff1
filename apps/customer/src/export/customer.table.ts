import { CUSTOMER_COLUMNS } from '#contracts';
import type { ListQuery } from '#platform';
import { customerPlan } from '../customer/customer.queries.js';
import { instant, list, type ExportColumn, type ExportTable } from './export-table.js';

const STATUSES = {
  active: { en: 'active', zh: '正常' },
  at_risk: { en: 'at risk', zh: '流失预警' },
  lost: { en: 'lost', zh: '已流失' },
};

const COLUMNS: readonly ExportColumn[] = [
  { field: 'code', label: { en: 'Number', zh: '客户编号' }, width: 14 },
  { field: 'name', label: { en: 'Name', zh: '客户名称' }, width: 40 },
  { field: 'status', label: { en: 'Status', zh: '状态' }, width: 10, values: STATUSES },
  { field: 'owner', label: { en: 'Owner', zh: '客户经理' }, width: 16 },
  { field: 'externalRef', label: { en: 'External reference', zh: '外部编号' }, width: 20 },
  { field: 'region', label: { en: 'Region', zh: '地区' }, width: 14, dictionary: 'region' },
  { field: 'level', label: { en: 'Level', zh: '客户等级' }, width: 16, dictionary: 'customer_level' },
  { field: 'satisfaction', label: { en: 'Satisfaction', zh: '满意度' }, width: 8 },
  { field: 'credit', label: { en: 'Credit', zh: '信用度' }, width: 8 },
  { field: 'industry', label: { en: 'Industry', zh: '行业' }, width: 16, dictionary: 'industry' },
  { field: 'nature', label: { en: 'Company nature', zh: '企业性质' }, width: 14, dictionary: 'company_nature' },
  { field: 'type', label: { en: 'Company type', zh: '企业类型' }, width: 14, dictionary: 'company_type' },
  { field: 'phone', label: { en: 'Phone', zh: '电话' }, width: 18 },
  { field: 'fax', label: { en: 'Fax', zh: '传真' }, width: 18 },
  { field: 'address', label: { en: 'Address', zh: '地址' }, width: 40 },
  { field: 'postcode', label: { en: 'Postcode', zh: '邮编' }, width: 10 },
  { field: 'website', label: { en: 'Website', zh: '网址' }, width: 30 },
  { field: 'businessLicence', label: { en: 'Business licence', zh: '营业执照号' }, width: 24 },
  { field: 'legalRepresentative', label: { en: 'Legal representative', zh: '法人代表' }, width: 14 },
  { field: 'registeredCapital', label: { en: 'Registered capital', zh: '注册资金' }, width: 16 },
  { field: 'annualTurnover', label: { en: 'Annual turnover', zh: '年营业额' }, width: 16 },
  { field: 'bank', label: { en: 'Bank', zh: '开户银行' }, width: 24 },
  { field: 'bankAccount', label: { en: 'Bank account', zh: '银行账号' }, width: 24 },
  { field: 'localTaxNumber', label: { en: 'Local tax number', zh: '地税号' }, width: 20 },
  { field: 'nationalTaxNumber', label: { en: 'National tax number', zh: '国税号' }, width: 20 },
  { field: 'contactName', label: { en: 'Contact', zh: '联系人' }, width: 14 },
  { field: 'contactPosition', label: { en: 'Position of the contact', zh: '联系人职位' }, width: 16 },
  { field: 'contactPhone', label: { en: 'Office phone of the contact', zh: '联系人办公电话' }, width: 18 },
  { field: 'contactMobile', label: { en: 'Mobile of the contact', zh: '联系人手机' }, width: 18 },
  { field: 'tags', label: { en: 'Tags', zh: '标签' }, width: 20 },
  { field: 'remarks', label: { en: 'Remarks', zh: '备注' }, width: 40 },
  { field: 'lastOrderDate', label: { en: 'Last order', zh: '最近下单日期' }, width: 12 },
  { field: 'createdAt', label: { en: 'Created', zh: '创建时间' }, width: 22 },
];

const SELECT = {
  code: 't.code',
  name: 't.name',
  status: 't.status',
  owner: 'p.username',
  externalRef: 't.external_ref',
  region: 't.region',
  level: 't.level',
  satisfaction: 't.satisfaction',
  credit: 't.credit',
  industry: 't.industry',
  nature: 't.nature',
  type: 't.type',
  phone: 't.phone',
  fax: 't.fax',
  address: 't.address',
  postcode: 't.postcode',
  website: 't.website',
  businessLicence: 't.business_licence',
  legalRepresentative: 't.legal_representative',
  registeredCapital: 't.registered_capital',
  annualTurnover: 't.annual_turnover',
  bank: 't.bank',
  bankAccount: 't.bank_account',
  localTaxNumber: 't.local_tax_number',
  nationalTaxNumber: 't.national_tax_number',
  contactName: 'k.name',
  contactPosition: 'k.position',
  contactPhone: 'k.office_phone',
  contactMobile: 'k.mobile',
  tags: list('t.tags'),
  remarks: 't.remarks',
  lastOrderDate: 't.last_order_date',
  createdAt: instant('t.created_at'),
};

/** With the primary contact, else the first one, as the import makes one. */
export const customerTable = (query: ListQuery): ExportTable => ({
  name: 'customers',
  plan: customerPlan(query),
  joins: `LEFT JOIN person p ON p.id = t.owner_id
    LEFT JOIN LATERAL (SELECT name, position, office_phone, mobile FROM contact WHERE customer_id = t.id
                        ORDER BY is_primary DESC, created_at, id LIMIT 1) AS k ON true`,
  select: SELECT,
  columns: COLUMNS,
  imported: CUSTOMER_COLUMNS.map(({ name }) => name),
});
