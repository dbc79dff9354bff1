const MIN_LENGTH = 10;

/** What people choose most, in English and in Chinese keyboards; compared after the decoration around it is taken off. */
const STEMS = new Set(
  `password passwort passphrase passcode secret supersecret topsecret letmein welcome changeme default administrator admin
  root superuser sysadmin superadmin manager guest test tester testing master login access company internet computer
  iloveyou loveyou lovely forever whatever sunshine princess football baseball basketball superman batman spiderman
  starwars pokemon dragon monkey shadow michael jennifer michelle charlie jordan summer winter spring autumn january
  february september october november december monday friday freedom blink trustno trustnoone nothing samsung google
  facebook liverpool chelsea arsenal barcelona computer microsoft corvette mercedes ferrari hello helloworld
  woaini woaiwojia wobuzhidao aini nihao nihaoma zhongguo beijing shanghai zhang wang mima wodemima
  qwerty qwertyuiop qwertyui qwert qwertz azerty azertyuiop asdfgh asdfghjkl asdfjkl zxcvbn zxcvbnm qazwsx qazwsxedc
  qazwsxedcrfv qweasd qweasdzxc qwaszx wsxedc abcdef abcdefgh abcdefghij abc abcd aa`
    .split(/\s+/)
    .filter(Boolean),
);
/** Rows and diagonals of a keyboard, the alphabet and the digits: a piece of one is no password. */
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  '1q2w3e4r5t6y7u8i9o0p',
].flatMap((run) => [run, [...run].toReversed().join('')]);

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** AUT-3: at least 10 characters, not a common password, not the username. */
export function isWeakPassword(password: string, username: string): boolean {
  const lower = password.toLowerCase();
  return (
    [...password].length < MIN_LENGTH ||
    lower === username.toLowerCase() ||
    isCommon(lower) ||
    isRepetition(lower) ||
    isRun(lower)
  );
}

/** `Passw0rd123!`, `2024Welcome`, `1234567890`: a popular word, once or twice, with digits and signs around it, or digits alone. */
function isCommon(lower: string): boolean {
  if (/^[\d\s\-+./]+$/.test(lower)) return true;
  const tailless = lower.replace(/[^a-z]+$/, '');
  return [tailless, tailless.replace(/^[^a-z]+/, '')]
    .map(withoutLeet)
    .some((word) => STEMS.has(word) || STEMS.has(half(word)));
}

const withoutLeet = (word: string): string => [...word].map((character) => LEET[character] ?? character).join('');

/** Of a word that is said twice, the word. */
const half = (word: string): string => {
  const first = word.slice(0, word.length / 2);
  return first + first === word ? first : word;
};

/** `aaaaaaaaaa`, `abcabcabca`: a piece of at most four characters over and over. */
const isRepetition = (lower: string): boolean =>
  [1, 2, 3, 4].some((length) => lower === lower.slice(0, length).repeat(lower.length).slice(0, lower.length));

const isRun = (lower: string): boolean => RUNS.some((run) => run.includes(lower));
