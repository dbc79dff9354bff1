import type { Bilingual } from '../errors.js';
import { RIGHTS, type Right, type RightGrant } from './rights.js';

export interface SeededRole {
  readonly code: string;
  readonly name: Bilingual;
  readonly description: Bilingual;
  readonly grants: readonly RightGrant[];
}

/** Machines feed; no person does, not even the one who may do everything else. */
const MACHINE_RIGHTS: readonly Right[] = ['sales-feed.write'];

/** The roles that a first start creates (AUT-1 and the table of rights). All but super_admin's can be changed later. */
export const SEEDED_ROLES: readonly SeededRole[] = [
  {
    code: 'super_admin',
    name: { en: 'Super administrator', zh: '超级管理员' },
    description: { en: 'May do everything', zh: '拥有全部权限' },
    grants: (Object.keys(RIGHTS) as Right[]).filter((right) => !MACHINE_RIGHTS.includes(right)),
  },
  {
    code: 'system_admin',
    name: { en: 'System administrator', zh: '系统管理员' },
    description: {
      en: 'Users, roles, dictionary, audit log and operation; no sales data',
      zh: '用户、角色、数据字典、审计日志与运维;不含销售数据',
    },
    grants: [
      'user.read',
      'user.write',
      'role.write',
      'audit.read',
      'dictionary.read',
      'dictionary.write',
      'product.read',
      'stock.read',
      'event.operate',
    ],
  },
  {
    code: 'sales_manager',
    name: { en: 'Sales manager', zh: '销售主管' },
    description: {
      en: 'Assigns opportunities and tickets, follows every plan, reads all reports',
      zh: '指派销售机会与服务单,跟踪所有计划,查看全部报表',
    },
    grants: [
      'user.read',
      'dictionary.read',
      'opportunity.read',
      'opportunity.create',
      'opportunity.import',
      'opportunity.update',
      'opportunity.delete',
      'opportunity.assign',
      'customer.read',
      'customer.create',
      'customer.update',
      'contact.write',
      'activity.write',
      'customer.delete',
      'customer.restore',
      'customer.merge',
      'customer.transfer',
      'customer.import',
      'customer.export',
      'churn.read',
      'churn.handle',
      'churn.scan',
      'product.read',
      'stock.read',
      'order.read',
      'ticket.create',
      'ticket.read',
      'ticket.assign',
      'report.read',
    ],
  },
  {
    code: 'account_manager',
    name: { en: 'Account manager', zh: '客户经理' },
    description: {
      en: 'Develops assigned opportunities, keeps own customers, handles their tickets and churn alerts',
      zh: '开发被指派的销售机会,维护自己的客户,处理其服务单与流失预警',
    },
    grants: [
      'user.read:names',
      'dictionary.read',
      'opportunity.read:own',
      'opportunity.create',
      'opportunity.update:own',
      'opportunity.delete:own',
      'opportunity.develop:own',
      'customer.read',
      'customer.create:own',
      'customer.update:own',
      'contact.write:own',
      'activity.write:own',
      'customer.export:own',
      'churn.read:own',
      'churn.handle:own',
      'product.read',
      'stock.read',
      'order.read',
      'ticket.create',
      'ticket.read',
      'ticket.handle:own',
      'ticket.feedback:own',
      'report.read:own',
    ],
  },
  {
    code: 'executive',
    name: { en: 'Executive', zh: '高管' },
    description: { en: 'Reads the reports', zh: '查看报表' },
    grants: ['dictionary.read', 'report.read'],
  },
];

/** What the sales system's service account may do. */
export const SALES_SYSTEM_GRANTS: readonly RightGrant[] = [
  'sales-feed.write',
  'product.read',
  'stock.read',
  'order.read',
];
