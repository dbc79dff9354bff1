/** Scripts that put no blank between words. */
const UNSPACED = /([\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}ー]+)/u;
const LONGEST = 40;
const STOP_WORDS = new Set(
  `a about after all also am an and any are as at be been before but by can cannot could did do does don for from get got had has have
   he her here him his how i if in into is it its just me my no not now of off on one or our out over she should so some still than
   that the their them then there they this to too up us very was we were what when where which who why will with would you your`.split(
    /\s+/,
  ),
);

/**
 * What a text is found by, each once, in the order of the text (SVC-6): words without their English endings, and pairs of neighbouring
 * characters where a script puts no blank between words.
 */
export function searchTerms(...texts: (string | null)[]): string[] {
  const runs = texts.flatMap(
    (text) =>
      text
        ?.normalize('NFKC')
        .toLowerCase()
        .match(/[\p{L}\p{N}\p{M}]+/gu) ?? [],
  );
  // The parts that the expression captures stand at the odd places.
  const terms = runs.flatMap((run) =>
    run.split(UNSPACED).flatMap((part, place) => (place % 2 ? pairs(part) : word(part))),
  );
  return [...new Set(terms)];
}

function pairs(part: string): string[] {
  const characters = [...part];
  return characters.length < 2
    ? characters
    : characters.slice(1).map((character, index) => characters[index] + character);
}

function word(part: string): string[] {
  return part.length < 2 || STOP_WORDS.has(part) ? [] : [stem(part).slice(0, LONGEST)];
}

/** Roughly: "deliveries" is "delivery", and "crashes", "crashed" and "crashing" are "crash". */
function stem(part: string): string {
  if (!/^[a-z]{4,}$/.test(part)) return part;
  return part
    .replace(/i(es|ed)$/, 'y')
    .replace(/(?<=[aeiouy][a-z]+)(ing|(?<!e)ed|es)$|(?<=[a-z]{2}[^su])s$/, '')
    .replace(/([bdfglmnprt])\1$/, '$1')
    .replace(/e$/, '')
    .replace(/y$/, 'i');
}
