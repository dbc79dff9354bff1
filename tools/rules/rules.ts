import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A rule by its number, and the files with tests that name it: how many each has. */
interface RuleTests {
  readonly rule: string;
  readonly tests: ReadonlyMap<string, number>;
}

const NUMBER = /\b([A-Z]{3,4})-(\d{1,2})(?!\d)(?:…(\d{1,2}))?/g;
const IN_TABLE = /^\| ([A-Z]{3,4}-\d+) +\|/gm;

/** The numbers of docs/rules.md, in its order. */
export const listedRules = (markdown: string): string[] => [...markdown.matchAll(IN_TABLE)].map(([, rule]) => rule!);

/** `SVC-2…4, SVC-7: …` names four. */
export const rulesIn = (title: string): string[] =>
  [...title.matchAll(NUMBER)].flatMap(([, area, from, to = from]) =>
    Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, index) => `${area}-${Number(from) + index}`),
  );

/** The rules that each test of a file names, in its own title or in one around it. A table of cases is one test. */
export function rulesOfTests(source: string): string[][] {
  const tests: string[][] = [];
  const visit = (node: ts.Node, around: readonly string[]): void => {
    let titles = around;
    if (ts.isCallExpression(node)) {
      const title = titleOf(node);
      if (title !== undefined) titles = [...around, title];
      if (title !== undefined && nameOf(node) !== 'describe') tests.push([...new Set(titles.flatMap(rulesIn))]);
    }
    ts.forEachChild(node, (child) => visit(child, titles));
  };
  visit(ts.createSourceFile('spec.ts', source, ts.ScriptTarget.Latest), []);
  return tests;
}

/** The `it` of `it(…)`, `it.only(…)` and `it.each(…)(…)`. */
function nameOf({ expression }: ts.CallExpression): string {
  let callee: ts.Expression = expression;
  while (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee))
    callee = ts.isTaggedTemplateExpression(callee) ? callee.tag : callee.expression;
  return ts.isIdentifier(callee) ? callee.text : '';
}

function titleOf(call: ts.CallExpression): string | undefined {
  const [title] = call.arguments;
  if (!title || !['it', 'test', 'describe'].includes(nameOf(call))) return undefined;
  if (ts.isStringLiteralLike(title)) return title.text;
  return ts.isTemplateExpression(title)
    ? [title.head, ...title.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('')
    : undefined;
}

/** Each rule of docs/rules.md with the tests that name it, in all of the repository. */
export function ruleTests(root: string): RuleTests[] {
  const rules = listedRules(readFileSync(join(root, 'docs/rules.md'), 'utf8'));
  const found = new Map(rules.map((rule) => [rule, new Map<string, number>()]));
  for (const file of specFiles(root))
    for (const rule of rulesOfTests(readFileSync(join(root, file), 'utf8')).flat()) {
      const tests = found.get(rule);
      tests?.set(file, (tests.get(file) ?? 0) + 1);
    }
  return [...found].map(([rule, tests]) => ({ rule, tests }));
}

const specFiles = (root: string): string[] =>
  ['apps', 'libs', 'tools'].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
      .filter((file) => file.endsWith('.spec.ts'))
      .map((file) => `${folder}/${file}`)
      .sort(),
  );

export const withoutTest = (found: readonly RuleTests[]): string[] =>
  found.filter(({ tests }) => tests.size === 0).map(({ rule }) => rule);

/** One line for each rule: the number of its tests, and where they are. */
export function ruleTable(found: readonly RuleTests[]): string {
  return found
    .map(({ rule, tests }) => {
      const total = [...tests.values()].reduce((sum, count) => sum + count, 0);
      const files = [...tests].map(([file, count]) => `${file} ${count}`);
      return `${rule.padEnd(7)} ${String(total).padStart(4)}  ${files.join(', ') || 'no test'}`;
    })
    .join('\n');
}
