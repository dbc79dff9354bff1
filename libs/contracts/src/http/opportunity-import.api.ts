import { defineRoutes } from './define-routes.js';
import { type ImportColumn, importColumn as column, importRoute } from './import.api.js';

/** People are named by username, `createdBy` by default the one who imports; a time that is not given is the import's. */
export const OPPORTUNITY_COLUMNS: readonly ImportColumn[] = [
  column('externalId', 'External id', '外部编号'),
  column('customerName', 'Customer name', '客户名称', true),
  column('summary', 'Summary', '机会名称', true),
  column('description', 'Description', '机会描述', true),
  column('source', 'Source', '机会来源'),
  column('stage', 'Stage', '阶段'),
  column('successRate', 'Success rate', '成功几率', true),
  column('expectedAmount', 'Expected amount', '预计金额'),
  column('currency', 'Currency', '货币'),
  column('contactName', 'Contact', '联系人'),
  column('contactPhone', 'Contact phone', '联系电话'),
  column('status', 'Status', '状态'),
  column('createdBy', 'Created by', '创建人'),
  column('assignee', 'Assignee', '被指派人'),
  column('createdAt', 'Created at', '创建时间'),
  column('assignedAt', 'Assigned at', '指派时间'),
  column('closedAt', 'Closed at', '结束时间'),
  column('closeReason', 'Close reason', '结束原因'),
  column('customerNeed', 'Customer need', '客户需求'),
  column('competitors', 'Competitors', '竞争对手'),
  column('region', 'Region', '地区'),
  column('expectedCloseDate', 'Expected close date', '预计成交日期'),
];

export const OpportunityImportRoutes = defineRoutes('marketing', 'opportunities', {
  importOpportunities: {
    ...importRoute(
      '/opportunities/imports',
      'Import opportunities of any status from CSV or XLSX · 导入销售机会',
      OPPORTUNITY_COLUMNS,
    ),
    access: 'opportunity.import',
  },
});
