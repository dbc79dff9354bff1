/** What `q` compares: full-width as half-width, any case, without spaces and hyphens. */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\-‐‑–—]+/gu, '');

/** What makes two company names the same (MKT-6): trimmed, width and case folded, inner white space as one blank. */
export const foldName = (name: string): string => name.normalize('NFKC').toLowerCase().trim().replace(/\s+/gu, ' ');
