import { z } from 'zod';
import { CHURN_ALERT_STATUSES } from '../http/churn.api.js';
import { CUSTOMER_STATUSES } from '../http/customer.api.js';
import { CalendarDate, Id, Instant } from '../http/fields.js';
import { ORDER_STATUSES } from '../http/sales.api.js';
import { defineEvent } from './define-event.js';

/** What partners may know of a customer: no bank, tax or licence data. */
const Customer = z.object({
  customerId: Id,
  code: z.string(),
  name: z.string(),
  status: z.enum(CUSTOMER_STATUSES),
  ownerId: Id.nullable(),
  externalRef: z.string().nullable(),
  region: z.string().nullable(),
  level: z.string().nullable(),
  satisfaction: z.int().nullable(),
  credit: z.int().nullable(),
  industry: z.string().nullable(),
  sourceOpportunityId: Id.nullable(),
});
export const CustomerCreated = defineEvent(
  'customer.customer.created',
  1,
  'A company became a customer · 公司成为客户',
  Customer,
);
export const CustomerUpdated = defineEvent(
  'customer.customer.updated',
  1,
  'Facts of a customer were edited · 客户资料被修改',
  Customer,
);
export const CustomerDeleted = defineEvent(
  'customer.customer.deleted',
  1,
  'A customer was deleted; it can be restored · 客户被删除,可恢复',
  Customer,
);
export const CustomerRestored = defineEvent(
  'customer.customer.restored',
  1,
  'A deleted customer is back · 已删除的客户被恢复',
  Customer,
);
/** Says it of a won opportunity whose company was a customer already (MKT-6). */
export const CustomerOpportunityLinked = defineEvent(
  'customer.customer.opportunity-linked',
  1,
  'A won opportunity was linked to an existing customer of the same name · 开发成功的机会关联到同名的已有客户',
  z.object({ customerId: Id, opportunityId: Id }),
);

/** The customer as it was; what hung on it tells by events of its own that it belongs to `intoId` now. */
export const CustomerMerged = defineEvent(
  'customer.customer.merged',
  1,
  'A customer was merged into another, which answers for it from now on · 客户被合并到另一客户,今后由其代替',
  Customer.extend({ intoId: Id, mergeId: Id }),
);
export const CustomerMergeUndone = defineEvent(
  'customer.customer.merge-undone',
  1,
  'A merge was undone: the merged customer stands for itself again · 合并被撤销:被合并的客户恢复独立',
  Customer.extend({ intoId: Id, mergeId: Id }),
);
export const CustomerTransferred = defineEvent(
  'customer.customer.transferred',
  1,
  'A customer was given to another owner · 客户被移交给另一负责人',
  Customer.extend({ previousOwnerId: Id.nullable() }),
);

const Contact = z.object({
  contactId: Id,
  customerId: Id,
  name: z.string(),
  position: z.string().nullable(),
  isPrimary: z.boolean(),
});
export const ContactAdded = defineEvent(
  'customer.contact.added',
  1,
  'A contact of a customer was recorded · 录入了联系人',
  Contact,
);
export const ContactUpdated = defineEvent(
  'customer.contact.updated',
  1,
  'A contact was edited · 联系人被修改',
  Contact,
);
export const ContactRemoved = defineEvent(
  'customer.contact.removed',
  1,
  'A contact was removed · 联系人被删除',
  Contact,
);

const Activity = z.object({
  activityId: Id,
  customerId: Id,
  date: CalendarDate,
  kind: z.string(),
  summary: z.string(),
  contactId: Id.nullable(),
  authorId: Id,
  nextFollowUpDate: CalendarDate.nullable(),
});
export const ActivityRecorded = defineEvent(
  'customer.activity.recorded',
  1,
  'Somebody wrote down what went on with a customer · 录入了交往记录',
  Activity,
);
export const ActivityUpdated = defineEvent(
  'customer.activity.updated',
  1,
  'What was written down was edited · 交往记录被修改',
  Activity,
);
export const ActivityRemoved = defineEvent(
  'customer.activity.removed',
  1,
  'What was written down was removed · 交往记录被删除',
  Activity,
);

export const ProductRecorded = defineEvent(
  'customer.product.recorded',
  1,
  'The sales system fed a new or newer product · 销售系统写入了新的或更新的产品',
  z.object({
    productId: Id,
    key: z.string(),
    name: z.string(),
    type: z.string().nullable(),
    unit: z.string().nullable(),
    price: z.string().nullable(),
    currency: z.string().nullable(),
  }),
);
export const StockRecorded = defineEvent(
  'customer.stock.recorded',
  1,
  'The sales system fed a new or newer stock figure · 销售系统写入了新的或更新的库存',
  z.object({ stockId: Id, key: z.string(), productKey: z.string(), warehouse: z.string(), quantity: z.number() }),
);
export const OrderRecorded = defineEvent(
  'customer.order.recorded',
  1,
  'The sales system fed a new or newer order, or the order found its customer · 销售系统写入了新的或更新的订单,或订单找到了其客户',
  z.object({
    orderId: Id,
    key: z.string(),
    customerId: Id.nullable(),
    customerRef: z.string(),
    date: CalendarDate,
    status: z.enum(ORDER_STATUSES),
    currency: z.string(),
    total: z.string(),
    lines: z.array(
      z.object({
        productKey: z.string(),
        productName: z.string().nullable(),
        quantity: z.number(),
        amount: z.string(),
      }),
    ),
  }),
);

/** The entry as it is after the event. `parent`: the code of the region above; null or absent at the top. */
const Entry = z.object({
  type: z.string(),
  code: z.string(),
  label: z.object({ zh: z.string(), en: z.string() }),
  order: z.int(),
  active: z.boolean(),
  editable: z.boolean(),
  entryId: Id,
  parent: z.string().nullish(),
});
export const DictionaryEntryAdded = defineEvent(
  'customer.dictionary.added',
  1,
  'A value can be picked from a list · 字典新增可选项',
  Entry,
);
export const DictionaryEntryUpdated = defineEvent(
  'customer.dictionary.updated',
  1,
  'Label, order, parent or activity of a value changed · 字典项的名称、顺序、上级或启用状态有变',
  Entry,
);
export const DictionaryEntryRemoved = defineEvent(
  'customer.dictionary.removed',
  1,
  'A value that nobody had ever used was removed · 从未使用过的字典项被删除',
  Entry,
);

const Alert = z.object({
  alertId: Id,
  customerId: Id,
  ownerId: Id.nullable(),
  status: z.enum(CHURN_ALERT_STATUSES),
  /** When the alert was raised; null: never ordered. */
  lastOrderDate: CalendarDate.nullable(),
  since: CalendarDate,
  asOf: CalendarDate,
  raisedAt: Instant,
  reason: z.string().nullable(),
  lostAt: Instant.nullable(),
  recoveredAt: Instant.nullable(),
});
const Measured = Alert.extend({ date: CalendarDate, measure: z.string() });
export const ChurnAlertRaised = defineEvent(
  'customer.churn-alert.raised',
  1,
  'A customer has bought nothing for too long · 客户长期未下单,产生流失预警',
  Alert,
);
export const ChurnAlertPostponed = defineEvent(
  'customer.churn-alert.postponed',
  1,
  'A loss was postponed by a measure · 采取措施暂缓流失',
  Measured,
);
export const ChurnMeasureAdded = defineEvent(
  'customer.churn-alert.measure-added',
  1,
  'One more measure was taken against a loss · 追加了暂缓措施',
  Measured,
);
export const ChurnAlertMoved = defineEvent(
  'customer.churn-alert.moved',
  1,
  'By a merge of customers, or by undoing one, the alert is another customer’s · 因客户合并或撤销合并,预警归属另一客户',
  Alert,
);
export const ChurnAlertLost = defineEvent(
  'customer.churn-alert.lost',
  1,
  'The loss of a customer was confirmed · 确认客户流失',
  Alert,
);
export const ChurnAlertRecovered = defineEvent(
  'customer.churn-alert.recovered',
  1,
  'A customer at risk has ordered again · 有流失风险的客户重新下单',
  Alert,
);
