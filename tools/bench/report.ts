import type { Figure } from './figure.js';
import type { Machine } from './machine.js';

export interface Report {
  readonly machine: Machine;
  /** The day on which each part was measured, YYYY-MM-DD. */
  readonly dates: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
}

const PARTS: Readonly<Record<string, readonly [title: string, chinese: string]>> = {
  http: ['HTTP · 接口', '通过网关读写客户:与同一数据上、同一 SQL 的最简服务器相比。'],
  events: ['Events · 事件', '事件的发出与应用:与同一客户端库的直接读写相比。'],
  feed: ['Feed · 销售数据', '销售系统的订单、产品与库存的接收速度。'],
  jobs: ['Background work · 后台任务', '导入与流失扫描:导入与同样数据的 COPY 相比。'],
  start: ['Start and memory · 启动与内存', '从启动到就绪的时间,以及空闲时的内存。'],
};

const HEAD = [
  'work',
  'conditions',
  'value',
  'floor',
  'ratio',
  'CPU ms',
  'floor CPU ms',
  'p50 / p95 / p99 ms',
  'target',
];

export function markdown({ machine, dates, figures }: Report): string {
  const parts = [...new Set(figures.map(({ part }) => part))];
  return `# Benchmark · 基准测试

One command, one run: \`npm run bench\` (Linux; it starts and removes its own servers). \`-- --quick\` tries it in a minute or two,
\`-- --only http,events\` runs some parts.

## Machine · 测试环境

测试所用的机器与版本。

${machine.processor}, ${machine.cores} cores, ${machine.memoryGB} GB; Node.js ${machine.node}, PostgreSQL ${machine.postgres}, nats-server ${machine.natsServer}.
The load generator, PostgreSQL and NATS run on the same cores.

## How to read it · 如何阅读

看比值:同一次运行、同一数据上,产品与"地板"(做同样工作的最少代码)之比;绝对值随机器而变。

A value alone says more about the machine than about the product. So each one stands beside a floor: the least code that could do the same
work, measured in the same run on the same data, in rounds between those of the product. \`ratio\` is value ÷ floor, and all figures are medians of the
rounds. \`CPU ms\` is the processor time of our processes for one request or event, without PostgreSQL and NATS; the floor's likewise.

${parts.map((part) => section(part, dates[part], figures)).join('\n')}`;
}

function section(part: string, date: string | undefined, figures: readonly Figure[]): string {
  const own = figures.filter((figure) => figure.part === part);
  const [title, chinese] = PARTS[part] ?? [part, ''];
  const floors = [...new Set(own.flatMap(({ work, floor }) => (floor ? [`${work}: ${floor.what}`] : [])))];
  const notes = [...new Set(own.flatMap(({ work, note }) => (note ? [`${work}: ${note}`] : [])))];
  const list = (name: string, lines: string[]) =>
    lines.length > 0 ? `\n${name}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n` : '';
  return `## ${title}

${chinese}${date ? ` ${date}.` : ''}

${table([HEAD, ...own.map(row)])}
${list('Floors:', floors)}${list('Notes:', notes)}`;
}

const row = (figure: Figure): string[] => [
  figure.work,
  Object.entries(figure.conditions)
    .map(([name, value]) => condition(name, value))
    .join(', '),
  `${number(figure.value)} ${figure.unit}`,
  figure.floor ? number(figure.floor.value) : '',
  figure.ratio?.toFixed(2) ?? '',
  figure.cpuMs === undefined ? '' : figure.cpuMs.toFixed(2),
  figure.floorCpuMs === undefined ? '' : figure.floorCpuMs.toFixed(2),
  figure.latency
    ? [figure.latency.p50, figure.latency.p95, figure.latency.p99].map((value) => value.toFixed(1)).join(' / ')
    : '',
  figure.target ? `${figure.target.text} ${figure.target.met ? '✔' : '✘'}` : '',
];

/** `100,000 customers`, but `start: split` would only repeat itself. */
const condition = (name: string, value: string | number): string =>
  typeof value === 'number' ? `${value.toLocaleString('en')} ${name}` : value;

/** Three digits that count. */
export const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

/** Aligned, as the formatter of the repository leaves it. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((each) => width(each[column]!))));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell))).join(' | ')} |`;
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((count) => '-'.repeat(count))), ...body.map(line)].join('\n');
}

/** Chinese characters are two columns wide. */
const width = (text: string): number =>
  [...text].reduce((sum, character) => sum + (/[\u3000-\u9fff\uff00-\uffef]/.test(character) ? 2 : 1), 0);
