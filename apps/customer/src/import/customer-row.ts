import { ContactInput, CustomerInput } from '#contracts';
import {
  bilingualErrors,
  type Checked,
  codeOf,
  fingerprintOf,
  type ImportRow,
  numberOf,
  type RowError,
} from '#platform';
import { type ImportReference, scopeError, tagsOf } from './row-values.js';

/** A row of a file as what it becomes. */
export interface CustomerRow {
  readonly input: Omit<CustomerInput, 'ownerId'>;
  readonly ownerId: string;
  readonly contact?: ContactInput;
  /** There are facts of a contact, and nobody to whom they belong. */
  readonly contactWithoutName: boolean;
  /** By this a row without an external reference is known again. */
  readonly fingerprint: string | null;
}

export const DICTIONARIES = {
  region: 'region',
  level: 'customer_level',
  industry: 'industry',
  nature: 'company_nature',
  type: 'company_type',
} as const;
const CODES = Object.entries(DICTIONARIES);

const TEXTS = [
  'name',
  'externalRef',
  'phone',
  'fax',
  'address',
  'postcode',
  'website',
  'businessLicence',
  'legalRepresentative',
  'registeredCapital',
  'annualTurnover',
  'bank',
  'bankAccount',
  'localTaxNumber',
  'nationalTaxNumber',
  'remarks',
];
/** The contact's fields, and the columns that they come from. */
const CONTACT: Readonly<Record<string, string>> = {
  name: 'contactName',
  position: 'contactPosition',
  officePhone: 'contactPhone',
  mobile: 'contactMobile',
};
const CONTACT_FIELDS = Object.entries(CONTACT);

/** CUS-8: what a person could not enter, no file brings in. */
export function customerRow({ values }: ImportRow, reference: ImportReference): Checked<CustomerRow> {
  const errors: RowError[] = [];
  const input: Record<string, unknown> = {};
  for (const field of TEXTS) if (values[field] !== undefined) input[field] = values[field];
  for (const field of ['satisfaction', 'credit']) input[field] = numberOf(values[field]);
  for (const [field, dictionary] of CODES)
    input[field] = codeOf(reference.codes, dictionary, field, values[field], errors);
  input.tags = tagsOf(values.tags);
  const customer = CustomerInput.safeParse(input);
  if (!customer.success) errors.push(...bilingualErrors(CustomerInput, input).map(ofColumn));

  const contact = contactOf(values, errors);
  const ownerId = ownerOf(values.owner, reference, errors);
  if (ownerId !== undefined) {
    const denied =
      scopeError(reference.actor, 'customer.create', ownerId, 'owner') ??
      (contact && scopeError(reference.actor, 'contact.write', ownerId, 'owner'));
    if (denied) errors.push(denied);
  }
  if (errors.length > 0 || !customer.success || ownerId === undefined) return { errors };
  const contactWithoutName = contact === undefined && CONTACT_FIELDS.some(([, column]) => values[column] !== undefined);
  const fingerprint = fingerprintOf(values, 'externalRef');
  return { data: { input: customer.data, ownerId, contact, contactWithoutName, fingerprint } };
}

/** The field's column: `tags.3` is `tags`. */
const ofColumn = (error: RowError): RowError => ({ ...error, field: error.field.split('.')[0]! });

/** No name, no contact. */
function contactOf(values: ImportRow['values'], errors: RowError[]): ContactInput | undefined {
  if (values.contactName === undefined) return undefined;
  const input: Record<string, unknown> = { isPrimary: true };
  for (const [field, column] of CONTACT_FIELDS) if (values[column] !== undefined) input[field] = values[column];
  const contact = ContactInput.safeParse(input);
  if (contact.success) return contact.data;
  errors.push(
    ...bilingualErrors(ContactInput, input).map((error) => ({ ...error, field: CONTACT[error.field] ?? error.field })),
  );
  return undefined;
}

function ownerOf(
  username: string | undefined,
  { actor, people, isEligible }: ImportReference,
  errors: RowError[],
): string | undefined {
  const person =
    username === undefined ? { id: actor.id, eligible: isEligible } : people.get(username.trim().toLowerCase());
  if (person?.eligible) return person.id;
  errors.push({ field: 'owner', code: 'person_not_eligible', message: NOT_ELIGIBLE });
  return undefined;
}

const NOT_ELIGIBLE = {
  en: 'must be the username of an active user who holds customer.update for their own records',
  zh: '必须是一名在职且对自己的记录拥有 customer.update 的用户的用户名',
};
