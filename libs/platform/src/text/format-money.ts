import { minorUnit } from '#contracts';

/** A decimal string with the decimals of its currency (2 where none is given); more only where the figure has more (`12.3456`). */
export function formatMoney(amount: string, currency: string | null): string {
  const [whole = '0', fraction = ''] = amount.split('.');
  const decimals = fraction.replace(/0+$/, '').padEnd(currency === null ? 2 : minorUnit(currency), '0');
  return decimals ? `${whole}.${decimals}` : whole;
}
