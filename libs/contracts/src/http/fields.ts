import { z } from 'zod';

const controlCharacters =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * Text as a person types it: at most `max` characters (Unicode code points), not blank, without control characters.
 * It is stored as it came; nothing is trimmed or changed silently.
 */
export const text = (max: number) =>
  z
    .string()
    .min(1, { abort: true })
    .refine((value) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(value), { error: 'must not be blank · 不能为空白', abort: true })
    .refine((value) => value.length <= max * 2 && [...value].length <= max, {
      error: `at most ${max} characters · 最多 ${max} 个字符`,
      abort: true,
    })
    .refine((value) => !controlCharacters.test(value), {
      error: 'control characters are not allowed · 不能包含控制字符',
    })
    .meta({ maxLength: max });

/** UUIDs are compared as text in places, so they are lower case from the door on. */
export const Id = z.uuid().toLowerCase();
export const Name = text(100);
export const Remarks = text(2000);
export const Address = text(300);
export const Phone = z
  .string()
  .regex(
    /^(?=.*[0-9])[0-9 +\-().#extEXT]{1,32}$/,
    'digits, space, + - ( ) . # ext, at most 32 · 只能是数字、空格和 + - ( ) . # ext,最多 32 个字符',
  )
  .meta({ maxLength: 32 });
export const Email = z.email().max(254);
/** A code that is picked from a dictionary, which alone says whether there is one (DIC-3). */
export const PickedCode = text(50);
/** A code as it is made. */
export const Code = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$/,
    'letters, digits, _ . -, at most 50, a letter or digit first · 字母、数字和 _ . -,最多 50 个,以字母或数字开头',
  );
/** `YYYY-MM-DD`, a day that exists. */
export const CalendarDate = z.iso
  .date()
  .refine((day) => !day.startsWith('0000'), { error: 'there is no year 0 · 没有公元 0 年' });
/** A day that has begun somewhere. */
export const Birthday = CalendarDate.refine(
  (day) => day <= new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10),
  {
    error: 'must not lie in the future · 不能晚于今天',
  },
);
export const Instant = z.iso
  .datetime({ offset: true })
  .refine((instant) => !instant.startsWith('0000'), { error: 'there is no year 0 · 没有公元 0 年' });
export const Version = z.int().positive();

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));
/** ISO 4217. */
export const Currency = z
  .string()
  .refine((value) => CURRENCIES.has(value), { error: 'an ISO 4217 currency code · ISO 4217 货币代码' })
  .meta({ pattern: '^[A-Z]{3}$', example: 'CNY' });

const minorUnits = new Map<string, number>();
/** Decimal places of a currency's minor unit: 2 for CNY, 0 for JPY, 3 for KWD. */
export function minorUnit(currency: string): number {
  let digits = minorUnits.get(currency);
  if (digits === undefined) {
    digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
    minorUnits.set(currency, digits);
  }
  return digits;
}

const DECIMAL = 'a decimal number as a string, like "1234.50" · 十进制数字字符串,如 "1234.50"';
/** A decimal string, at most 15 digits before the point and 4 behind it. */
export const Money = z
  .string({ error: ({ input }) => (input === undefined ? undefined : DECIMAL) })
  .regex(/^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$/, DECIMAL)
  .meta({ example: '1234.50' });
export const PositiveMoney = Money.refine((value) => /[1-9]/.test(value), {
  error: 'must be greater than 0 · 必须大于 0',
});

/** Adds an issue when `amount` has more decimals than the currency has. */
export function refineDecimals(
  context: z.RefinementCtx,
  path: string,
  amount?: string | null,
  currency?: string | null,
): void {
  if (!amount || !currency || !CURRENCIES.has(currency)) return;
  const decimals = amount.split('.')[1]?.length ?? 0;
  if (decimals > minorUnit(currency))
    context.addIssue({
      code: 'custom',
      path: [path],
      message: `${currency} has ${minorUnit(currency)} decimals · ${currency} 最多 ${minorUnit(currency)} 位小数`,
    });
}

/** A page of a list; `total` only when the client asked with `count=true`. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
    total: z.int().optional(),
    totalIsEstimate: z
      .boolean()
      .optional()
      .meta({ description: 'true beside a total above 10,000, which is estimated; up to there it is exact' }),
  });
