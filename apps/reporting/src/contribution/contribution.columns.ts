import type { ContributionRow } from '#contracts';
import type { TableColumn } from '#platform';

export const contributionColumns: readonly TableColumn<ContributionRow>[] = [
  { field: 'customerId', label: { en: 'Customer ID', zh: '客户标识' }, width: 38 },
  { field: 'customerName', label: { en: 'Customer', zh: '客户名称' }, width: 40 },
  { field: 'currency', label: { en: 'Currency', zh: '币种' }, width: 10 },
  { field: 'amount', label: { en: 'Order total', zh: '下单总金额' }, width: 18, money: true },
  { field: 'share', label: { en: 'Share', zh: '占比' }, width: 10, format: '0.00%' },
  { field: 'rank', label: { en: 'Rank', zh: '排名' }, width: 8 },
];
