import { SERVICES, TOPOLOGY } from '#contracts';
import { serviceSettings } from '#platform';
import { z } from 'zod';
import { APPLICATION_SETTINGS } from '../application-settings.js';
import { LauncherSettings } from '../launcher.config.js';
import { isReadableByPartners } from './asyncapi-document.js';

export type Language = 'en' | 'zh';

const WORDS = {
  en: {
    launcher: '`npm start`',
    gateway: 'Gateway (`apps/gateway`)',
    services: 'Every service (`apps/auth`, `marketing`, `customer`, `service`, `reporting`)',
    more: (name: string) => `Besides, \`apps/${name}\``,
    setting: ['Setting', 'Default', 'Meaning'],
    required: 'required',
    none: '–',
    event: ['Event', 'Meaning', 'Services that listen', 'Other systems'],
    yes: 'yes',
    no: 'no',
  },
  zh: {
    launcher: '`npm start`',
    gateway: '网关(`apps/gateway`)',
    services: '所有服务(`apps/auth`、`marketing`、`customer`、`service`、`reporting`)',
    more: (name: string) => `另外,\`apps/${name}\``,
    setting: ['变量', '默认值', '含义'],
    required: '必填',
    none: '–',
    event: ['事件', '含义', '监听的服务', '外部系统'],
    yes: '可读',
    no: '不可读',
  },
} as const;

/** The environment variables of everything that can be started, as Markdown. */
export function settingsTables(language: Language): string {
  const words = WORDS[language];
  const sections: Array<[title: string, shape: Record<string, z.ZodType>]> = [
    [words.launcher, LauncherSettings.shape],
    [words.gateway, APPLICATION_SETTINGS.gateway.shape],
    [words.services, serviceSettings],
    ...SERVICES.map((name): [string, Record<string, z.ZodType>] => [
      words.more(name),
      Object.fromEntries(Object.entries(APPLICATION_SETTINGS[name].shape).filter(([key]) => !(key in serviceSettings))),
    ]),
  ];
  return sections
    .filter(([, shape]) => Object.keys(shape).length > 0)
    .map(([title, shape]) => {
      const rows = Object.entries(shape).map(([name, schema]) => [
        `\`${name}\``,
        defaultOf(schema, language),
        inLanguage(z.globalRegistry.get(schema)?.description ?? '', language),
      ]);
      return `**${title}**\n\n${table(words.setting, rows)}`;
    })
    .join('\n\n');
}

/** Every event, what it means, and who reads it. */
export function eventsTable(language: Language): string {
  const words = WORDS[language];
  return table(
    words.event,
    TOPOLOGY.map(({ event, to }) => [
      `\`${event.type}\``,
      inLanguage(event.description, language),
      to.join(', ') || words.none,
      isReadableByPartners(event) ? words.yes : words.no,
    ]),
  );
}

function defaultOf(schema: z.ZodType, language: Language): string {
  const absent = schema.safeParse(undefined);
  if (!absent.success) return WORDS[language].required;
  return absent.data === undefined ? WORDS[language].none : `\`${absent.data as string | number | boolean}\``;
}

/** Descriptions are "English · 中文"; one without Chinese serves both. */
function inLanguage(text: string, language: Language): string {
  const [english = '', chinese] = text.split(' · ');
  return language === 'zh' ? (chinese ?? english) : english;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
