import { CONTACT_COLUMNS } from '#contracts';
import { CONTACTS } from '../contact/contact.queries.js';
import { instant, list, YES_NO, type ExportTable } from './export-table.js';

const GENDERS = {
  female: { en: 'female', zh: '女' },
  male: { en: 'male', zh: '男' },
  other: { en: 'other', zh: '其他' },
};

export const contactTable: ExportTable = {
  name: 'contacts',
  plan: CONTACTS,
  joins: 'LEFT JOIN person p ON p.id = c.owner_id',
  select: {
    customer: 'c.code',
    customerName: 'c.name',
    owner: 'p.username',
    name: 't.name',
    gender: 't.gender',
    position: 't.position',
    officePhone: 't.office_phone',
    mobile: 't.mobile',
    email: 't.email',
    birthday: 't.birthday',
    isPrimary: 't.is_primary::text',
    tags: list('t.tags'),
    remarks: 't.remarks',
    createdAt: instant('t.created_at'),
  },
  columns: [
    { field: 'customer', label: { en: 'Customer number', zh: '客户编号' }, width: 14 },
    { field: 'customerName', label: { en: 'Customer', zh: '客户名称' }, width: 40 },
    { field: 'owner', label: { en: 'Owner', zh: '客户经理' }, width: 16 },
    { field: 'name', label: { en: 'Name', zh: '姓名' }, width: 16 },
    { field: 'gender', label: { en: 'Gender', zh: '性别' }, width: 8, values: GENDERS },
    { field: 'position', label: { en: 'Position', zh: '职位' }, width: 16 },
    { field: 'officePhone', label: { en: 'Office phone', zh: '办公电话' }, width: 18 },
    { field: 'mobile', label: { en: 'Mobile', zh: '手机' }, width: 18 },
    { field: 'email', label: { en: 'E-mail', zh: '电子邮箱' }, width: 28 },
    { field: 'birthday', label: { en: 'Birthday', zh: '生日' }, width: 12 },
    { field: 'isPrimary', label: { en: 'Primary contact', zh: '首要联系人' }, width: 10, values: YES_NO },
    { field: 'tags', label: { en: 'Tags', zh: '标签' }, width: 20 },
    { field: 'remarks', label: { en: 'Remarks', zh: '备注' }, width: 40 },
    { field: 'createdAt', label: { en: 'Created', zh: '创建时间' }, width: 22 },
  ],
  imported: CONTACT_COLUMNS.map(({ name }) => name),
};
