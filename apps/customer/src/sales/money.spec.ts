import { describe, expect, it } from '@jest/globals';
import type { OrderItem } from '#contracts';
import { formatMoney } from '#platform';
import { orderAmounts } from './money.js';

const order = (currency: string, ...lines: [quantity: number, unitPrice: string, discount: number][]): OrderItem => ({
  key: '1',
  version: 1,
  customerRef: 'A',
  date: '2026-01-01',
  status: 'paid',
  currency,
  lines: lines.map(([quantity, unitPrice, discount]) => ({ productKey: 'p', quantity, unitPrice, discount })),
});

describe('FEED-1: amount of an order', () => {
  it('rounds each line half-up, then adds', () => {
    // 0.005 twice: 0.01 + 0.01, where rounding the sum would give 0.01.
    expect(orderAmounts(order('USD', [1, '0.005', 0], [1, '0.005', 0]))).toEqual({
      amounts: ['0.01', '0.01'],
      total: '0.02',
    });
  });

  it.each([
    ['USD', 3, '1.115', 0, '3.35'],
    ['USD', 10, '14.85', 0.15, '126.23'],
    ['CNY', 0.1, '0.2', 0, '0.02'],
    ['JPY', 1, '10.5', 0, '11'],
    ['KWD', 1, '1.0005', 0, '1.001'],
    ['USD', 5, '9.99', 1, '0.00'],
  ])('%s: %d × %s less %d is %s', (currency, quantity, unitPrice, discount, total) => {
    expect(orderAmounts(order(currency, [quantity, unitPrice, discount]))?.total).toBe(total);
  });

  it('has a total without lines', () => {
    expect(orderAmounts(order('USD'))).toEqual({ amounts: [], total: '0.00' });
  });

  it('says when a total is too large to be stored', () => {
    expect(orderAmounts(order('USD', [1e12, '999999999999999', 0]))).toBeUndefined();
  });
});

describe('ALL-7: money in answers', () => {
  it('has the decimals of its currency', () => {
    expect(formatMoney('1234.5000', 'USD')).toBe('1234.50');
    expect(formatMoney('1234.0000', 'JPY')).toBe('1234');
    expect(formatMoney('7.0000', null)).toBe('7.00');
  });
  it('keeps the figures of a finer unit price', () => {
    expect(formatMoney('0.1234', 'USD')).toBe('0.1234');
  });
});
