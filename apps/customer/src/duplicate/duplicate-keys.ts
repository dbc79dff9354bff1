import { foldName } from '#platform';

/** Legal forms and the like, which people leave out as often as not. */
const FORMS = new Set(
  (
    'ltd limited inc incorporated corp corporation co company llc llp lp plc gmbh ag kg kgaa ohg ug se sa sas sarl srl spa bv nv ' +
    'ab oy oyj as asa aps pty pte sdn bhd kk jsc ooo group holding holdings'
  ).split(' '),
);
/** Longest first. */
const CHINESE_FORMS =
  '有限責任公司,有限责任公司,股份有限公司,集团公司,集團公司,有限公司,株式会社,有限会社,合同会社,集团,集團,公司,股份'.split(
    ',',
  );
/** What an index entry has room for, by far. */
const LONGEST = 200;

/** A company's name without legal form, punctuation and blanks: what two spellings of it have in common. */
export function looseName(name: string): string {
  const folded = foldName(name);
  const words = folded
    .replace(/[.'’]/gu, '')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter(Boolean);
  while (words.length > 1 && FORMS.has(words.at(-1)!)) words.pop();
  let loose = words.join('');
  for (let form: string | undefined; ; loose = loose.slice(0, -form.length)) {
    form = CHINESE_FORMS.find((each) => loose.endsWith(each) && loose.length > each.length);
    if (form === undefined) break;
  }
  return [...(loose || folded)].slice(0, LONGEST).join('');
}

/** The digits without international prefix and extension; empty for what is too short to tell anybody apart. */
export function plainPhone(phone: string): string {
  const digits = phone
    .replace(/[#ext].*$/i, '')
    .replace(/\D/g, '')
    .replace(/^00/, '');
  return digits.length < 3 ? '' : digits;
}

export const nameKey = (name: string): string => `n:${looseName(name)}`;

interface Named {
  readonly name: string;
  readonly phone: string | null;
}
interface Reachable {
  readonly officePhone: string | null;
  readonly mobile: string | null;
}

/** Who shares one of these with another customer is likely the same (CUS-6). */
export function duplicateKeys(names: readonly Named[], contacts: readonly Reachable[]): string[] {
  const phones = [...names.map(({ phone }) => phone), ...contacts.flatMap((each) => [each.officePhone, each.mobile])];
  const plain = phones.map((phone) => (phone === null ? '' : plainPhone(phone))).filter((digits) => digits !== '');
  return [...new Set([...names.map(({ name }) => nameKey(name)), ...plain.map((digits) => `p:${digits}`)])];
}
