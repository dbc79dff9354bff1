/** How common terms are among the archived tickets, as far as PostgreSQL's statistics know. */
export interface Commonness {
  readonly tickets: number;
  /** The share of the tickets that each term stands in; 0 where it is none of the most common ones, or nowhere at all. */
  readonly frequencies: readonly number[];
  /** The share of the least common one that is known. */
  readonly least: number;
}

export interface TermChoice {
  /** Tickets with any of these are all compared. */
  readonly rare: readonly string[];
  /** Where there are none, only the newest with one of these: they stand in too many. */
  readonly common: readonly string[];
  /** What it counts that a ticket has a term, in the order of the terms; all together 1. */
  readonly weights: readonly number[];
}

/** As many tickets may have one of the rare terms; one term alone, or all those together of which nothing is known, may stand in more. */
const RARE_TICKETS = 3_000;
const MANY_TICKETS = 20_000;
/** So many that are not known are looked up even if each may be just below the least common one that is: most stand in few tickets. */
const UNKNOWN_TERMS = 20;
const COMMON_TERMS = 3;

/** Rare terms first, so that the work stays the same however many tickets there are. */
export function chooseTerms(terms: readonly string[], { tickets, frequencies, least }: Commonness): TermChoice {
  const rows = (term: { frequency: number }) => term.frequency * tickets;
  const known = terms
    .map((term, place) => ({ term, frequency: frequencies[place]! }))
    .filter(({ frequency }) => frequency > 0)
    .sort((a, b) => a.frequency - b.frequency);
  const unknown = Math.max(UNKNOWN_TERMS, MANY_TICKETS / (least * tickets));
  const rare = terms.filter((_, place) => !frequencies[place]).slice(0, unknown);
  let sum = 0;
  for (const each of known) {
    sum += rows(each);
    if (sum > (sum === rows(each) ? MANY_TICKETS : RARE_TICKETS)) break;
    rare.push(each.term);
  }
  // Inverse document frequency: what stands everywhere tells nothing. Plus one, so that nothing counts for nothing.
  const tells = frequencies.map((frequency) => 1 + Math.log(1 / (frequency || least || 1)));
  const total = tells.reduce((a, b) => a + b, 0);
  return {
    rare,
    common: known.slice(0, COMMON_TERMS).map(({ term }) => term),
    weights: tells.map((each) => each / total),
  };
}
