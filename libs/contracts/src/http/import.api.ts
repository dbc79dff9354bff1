import type { Bilingual } from '../errors.js';
import { defineRoutes, type Route } from './define-routes.js';
import { JobView, TABLE_FILES, UPLOAD_LIMIT } from './jobs.api.js';

/** A column of a file that is imported. Files may have them in any order, under this name or one of the labels. */
export interface ImportColumn {
  readonly name: string;
  readonly label: Bilingual;
  readonly required?: boolean;
}

export const importColumn = (name: string, en: string, zh: string, required = false): ImportColumn => ({
  name,
  label: { en, zh },
  required,
});
const column = importColumn;

/** The contact's columns make the customer's first contact; `owner` is a username, by default the one who imports. */
export const CUSTOMER_COLUMNS: readonly ImportColumn[] = [
  column('externalRef', 'External reference', '外部编号'),
  column('name', 'Name', '客户名称', true),
  column('owner', 'Owner', '客户经理'),
  column('region', 'Region', '地区'),
  column('level', 'Level', '客户等级'),
  column('credit', 'Credit', '信用度'),
  column('satisfaction', 'Satisfaction', '满意度'),
  column('industry', 'Industry', '行业'),
  column('phone', 'Phone', '电话'),
  column('address', 'Address', '地址'),
  column('postcode', 'Postcode', '邮编'),
  column('website', 'Website', '网址'),
  column('contactName', 'Contact', '联系人'),
  column('contactPosition', 'Position of the contact', '联系人职位'),
  column('contactPhone', 'Office phone of the contact', '联系人办公电话'),
  column('contactMobile', 'Mobile of the contact', '联系人手机'),
  column('tags', 'Tags', '标签'),
  column('remarks', 'Remarks', '备注'),
  column('nature', 'Company nature', '企业性质'),
  column('type', 'Company type', '企业类型'),
  column('fax', 'Fax', '传真'),
  column('businessLicence', 'Business licence', '营业执照号'),
  column('legalRepresentative', 'Legal representative', '法人代表'),
  column('registeredCapital', 'Registered capital', '注册资金'),
  column('annualTurnover', 'Annual turnover', '年营业额'),
  column('bank', 'Bank', '开户银行'),
  column('bankAccount', 'Bank account', '银行账号'),
  column('localTaxNumber', 'Local tax number', '地税号'),
  column('nationalTaxNumber', 'National tax number', '国税号'),
];

/** `customer` is the customer's number or external reference. */
export const CONTACT_COLUMNS: readonly ImportColumn[] = [
  column('customer', 'Customer number', '客户编号', true),
  column('name', 'Name', '姓名', true),
  column('gender', 'Gender', '性别'),
  column('position', 'Position', '职位'),
  column('officePhone', 'Office phone', '办公电话'),
  column('mobile', 'Mobile', '手机'),
  column('email', 'E-mail', '电子邮箱'),
  column('birthday', 'Birthday', '生日'),
  column('isPrimary', 'Primary contact', '首要联系人'),
  column('tags', 'Tags', '标签'),
  column('remarks', 'Remarks', '备注'),
];

const names = (columns: readonly ImportColumn[]): string => columns.map(({ name }) => name).join(', ');

/** What every import of a table has in common. */
export const importRoute = (path: string, summary: string, columns: readonly ImportColumn[]) =>
  ({
    method: 'POST',
    path,
    summary: `${summary}. Columns: ${names(columns)}`,
    upload: TABLE_FILES,
    bodyLimit: UPLOAD_LIMIT,
    response: JobView,
    status: 202,
  }) as const satisfies Omit<Route, 'access'>;

export const CustomerImportRoutes = defineRoutes('customer', 'customers', {
  importCustomers: {
    ...importRoute('/customers/imports', 'Import customers from CSV or XLSX · 导入客户', CUSTOMER_COLUMNS),
    access: 'customer.import',
  },
  importContacts: {
    ...importRoute('/contacts/imports', 'Import contacts from CSV or XLSX · 导入联系人', CONTACT_COLUMNS),
    access: 'customer.import',
  },
});
