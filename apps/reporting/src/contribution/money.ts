import { minorUnit } from '#contracts';

/** A decimal string with the decimals of its currency; more only where the figure has more. */
export function formatMoney(amount: string, currency: string): string {
  const [whole = '0', fraction = ''] = amount.split('.');
  const decimals = fraction.replace(/0+$/, '').padEnd(minorUnit(currency), '0');
  return decimals ? `${whole}.${decimals}` : whole;
}
