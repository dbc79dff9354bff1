import type { Bilingual } from '../errors.js';

/** Every right, with its label. A role is a set of these, each with a scope. */
export const RIGHTS = {
  'user.read': { en: 'See users', zh: '查看用户' },
  'user.write': { en: 'Manage users', zh: '管理用户' },
  'role.write': { en: 'Manage roles', zh: '管理角色' },
  'audit.read': { en: 'Read the audit log', zh: '查看审计日志' },
  'dictionary.read': { en: 'Read the dictionary', zh: '查看数据字典' },
  'dictionary.write': { en: 'Manage the dictionary', zh: '管理数据字典' },
  'opportunity.read': { en: 'See opportunities', zh: '查看销售机会' },
  'opportunity.create': { en: 'Create opportunities', zh: '创建销售机会' },
  'opportunity.import': { en: 'Import opportunities', zh: '导入销售机会' },
  'opportunity.update': { en: 'Edit opportunities', zh: '编辑销售机会' },
  'opportunity.delete': { en: 'Delete opportunities', zh: '删除销售机会' },
  'opportunity.assign': { en: 'Assign opportunities', zh: '指派销售机会' },
  'opportunity.develop': { en: 'Develop opportunities', zh: '开发客户' },
  'customer.read': { en: 'See customers', zh: '查看客户' },
  'customer.create': { en: 'Create customers', zh: '创建客户' },
  'customer.update': { en: 'Edit customers', zh: '编辑客户' },
  'contact.write': { en: 'Edit contacts', zh: '编辑联系人' },
  'activity.write': { en: 'Record activities', zh: '记录交往' },
  'customer.delete': { en: 'Delete customers', zh: '删除客户' },
  'customer.restore': { en: 'Restore customers', zh: '恢复客户' },
  'customer.merge': { en: 'Merge customers', zh: '合并客户' },
  'customer.transfer': { en: 'Transfer customers', zh: '移交客户' },
  'customer.import': { en: 'Import customers', zh: '导入客户' },
  'customer.export': { en: 'Export customers', zh: '导出客户' },
  'churn.read': { en: 'See churn alerts', zh: '查看流失预警' },
  'churn.handle': { en: 'Handle churn alerts', zh: '处理流失预警' },
  'churn.scan': { en: 'Run the churn scan', zh: '执行流失扫描' },
  'product.read': { en: 'See products', zh: '查看产品' },
  'stock.read': { en: 'See stock', zh: '查看库存' },
  'order.read': { en: 'See orders', zh: '查看订单' },
  'ticket.create': { en: 'Create tickets', zh: '创建服务单' },
  'ticket.read': { en: 'See tickets', zh: '查看服务单' },
  'ticket.assign': { en: 'Assign tickets', zh: '分配服务单' },
  'ticket.handle': { en: 'Handle tickets', zh: '处理服务单' },
  'ticket.feedback': { en: 'Record feedback on tickets', zh: '记录服务反馈' },
  'report.read': { en: 'Read reports', zh: '查看报表' },
  'sales-feed.write': { en: 'Feed products, stock and orders', zh: '写入销售数据' },
  'event.operate': { en: 'Operate dead letters', zh: '处理死信' },
} as const satisfies Record<string, Bilingual>;

export type Right = keyof typeof RIGHTS;

/** `own`: only records that belong to the person. `names`: of users, only the names. */
export const SCOPES = ['all', 'own', 'names'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a person may do: each right with the widest scope that their roles give. */
export type GrantedRights = Partial<Record<Right, Scope>>;

/** The rights that also come narrower than `all`: only what a service holds to may be granted. */
const NARROWER = {
  'user.read': 'names',
  'opportunity.read': 'own',
  'opportunity.update': 'own',
  'opportunity.delete': 'own',
  'opportunity.develop': 'own',
  'customer.read': 'own',
  'customer.create': 'own',
  'customer.update': 'own',
  'contact.write': 'own',
  'activity.write': 'own',
  'customer.export': 'own',
  'churn.read': 'own',
  'churn.handle': 'own',
  'order.read': 'own',
  'ticket.read': 'own',
  'ticket.handle': 'own',
  'ticket.feedback': 'own',
  'report.read': 'own',
} as const satisfies Partial<Record<Right, Exclude<Scope, 'all'>>>;
type NarrowGrant = { [R in keyof typeof NARROWER]: `${R}:${(typeof NARROWER)[R]}` }[keyof typeof NARROWER];

/** How a role writes a right: `customer.read` (all) or `customer.update:own`. */
export type RightGrant = Right | NarrowGrant;

const WIDTH: Record<Scope, number> = { names: 0, own: 1, all: 2 };

/** Whether the right can be held with this scope; one that it does not have gives nothing. */
export const hasScope = (right: Right, scope: Scope | undefined): scope is Scope =>
  scope === 'all' || (scope !== undefined && (NARROWER as Partial<Record<Right, Scope>>)[right] === scope);

/** Undefined for an unknown right, and for a scope that the right does not have. */
export function parseGrant(grant: string): { right: Right; scope: Scope } | undefined {
  const [name = '', named = 'all', ...rest] = grant.split(':');
  if (rest.length > 0 || !Object.hasOwn(RIGHTS, name)) return undefined;
  const [right, scope] = [name as Right, named as Scope];
  return hasScope(right, scope) ? { right, scope } : undefined;
}

/** The union of several roles' grants, widest scope first; what is no grant gives nothing. */
export function combineGrants(grants: Iterable<string>): GrantedRights {
  const combined: GrantedRights = {};
  for (const grant of grants) {
    const parsed = parseGrant(grant);
    if (!parsed) continue;
    const held = combined[parsed.right];
    if (!held || WIDTH[parsed.scope] > WIDTH[held]) combined[parsed.right] = parsed.scope;
  }
  return combined;
}
