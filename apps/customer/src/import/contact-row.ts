import { ContactInput } from '#contracts';
import { bilingualErrors, type Checked, type ImportRow, wordOf } from '#platform';
import { tagsOf } from './row-values.js';

export interface ContactRow {
  /** The number or external reference of the customer. */
  readonly customer: string;
  readonly input: ContactInput;
}

const GENDERS = { female: 'female', male: 'male', other: 'other', 女: 'female', 男: 'male', 其他: 'other' } as const;
const YES_NO = { true: true, yes: true, '1': true, 是: true, false: false, no: false, '0': false, 否: false };
const TEXTS = ['name', 'position', 'officePhone', 'mobile', 'email', 'remarks'];
/** As Chinese spreadsheets write a day; no other order is meant by a year in front. */
const DAY = /^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?$/;

/** CUS-3: what a person could not enter, no file brings in. */
export function contactRow({ values }: ImportRow): Checked<ContactRow> {
  const input: Record<string, unknown> = {};
  for (const field of TEXTS) if (values[field] !== undefined) input[field] = values[field];
  input.gender = wordOf(GENDERS, values.gender);
  input.isPrimary = wordOf<boolean>(YES_NO, values.isPrimary);
  input.birthday = values.birthday
    ?.trim()
    .replace(
      DAY,
      (_all, year: string, month: string, day: string) => `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
    );
  input.tags = tagsOf(values.tags);
  const contact = ContactInput.safeParse(input);
  if (contact.success) return { data: { customer: values.customer?.trim() ?? '', input: contact.data } };
  const errors = bilingualErrors(ContactInput, input);
  return { errors: errors.map((error) => ({ ...error, field: error.field.split('.')[0]! })) };
}
