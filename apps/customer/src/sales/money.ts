import { minorUnit, type OrderItem } from '#contracts';
import Big from 'big.js';

/** `numeric(19,4)` ends here. */
const LIMIT = new Big('1e15');

/** quantity × unitPrice × (1 − discount), rounded half-up to the currency's minor unit. */
function lineAmount(line: OrderItem['lines'][number], currency: string): Big {
  return new Big(line.unitPrice)
    .times(new Big(line.quantity))
    .times(new Big(1).minus(line.discount))
    .round(minorUnit(currency), Big.roundHalfUp);
}

/** The rounded amount of each line and their sum; undefined when the sum cannot be stored. */
export function orderAmounts(order: OrderItem): { amounts: string[]; total: string } | undefined {
  const amounts = order.lines.map((line) => lineAmount(line, order.currency));
  const total = amounts.reduce((sum, amount) => sum.plus(amount), new Big(0));
  if (total.gte(LIMIT)) return undefined;
  const decimals = minorUnit(order.currency);
  return { amounts: amounts.map((amount) => amount.toFixed(decimals)), total: total.toFixed(decimals) };
}
