import type pg from 'pg';
import { foldName, searchText } from '#platform';
import { duplicateKeys } from '../../apps/customer/src/duplicate/duplicate-keys.js';

/** Demo users that own customers, each as often as it stands here; the statuses likewise. */
const OWNERS = ['alice', 'alice', 'bob'];
const STATUSES = ['active', 'active', 'active', 'active', 'active', 'active', 'active', 'at_risk', 'at_risk', 'lost'];
const PLACES = '上海,北京,广东,深圳,江苏,浙江,山东,四川,湖北,天津,重庆,福建'.split(',');
const TRADES = '机械,电子,贸易,食品,纺织,化工,物流,建材,医药,能源,科技,家具'.split(',');
/** A name's own part is three of these; the first ones are the frequent ones, as in life. */
const SYLLABLES = [
  ...'华东海天金龙大成永兴宏远新世纪恒通达利丰泰安康顺和平盛源博雅文明德信义中正国际联合众创力勤思睿智慧星辰光辉',
  ...'江河湖洋山川岳峰林森木石玉珠宝银铜铁钢瑞祥福禄寿喜庆吉春夏秋冬梅兰竹菊松柏桃李杏梨荷莲青红蓝紫白黑黄绿',
  ...'凤麟鹤鹰鹏雁燕马羊牛虎豹熊象狮鹿鲸鲲飞跃腾升起航帆舟船桥路道途程里尺寸分秒时年月日朝夕晨暮云雨雪霜露雷电风',
  ...'一二三四五六七八九十百千万亿元亨贞乾坤震巽坎离艮兑甲乙丙丁戊己庚辛壬癸',
];
const LATIN =
  'Nord,Baltic,Atlas,Orion,Delta,Vega,Summit,Harbor,Silver,Union,Pacific,Meridian,Aster,Lumen,Granit,Tempo'.split(',');
const FORMS = 'Trading GmbH,Foods Ltd,Machinery Inc,Logistics BV,Textiles SA,Energy AG'.split(',');

/** `fold` and `foldName` in SQL; that they make the same is checked after each growth. */
const FOLDED = (sql: string) => `regexp_replace(lower(normalize(${sql}, NFKC)), '[\\s\\-‐‑–—]+', '', 'g')`;
const NAME_FOLDED = (sql: string) => `regexp_replace(btrim(lower(normalize(${sql}, NFKC))), '\\s+', ' ', 'g')`;

/** The n-th customer, the same in each run; `hash` are 32 hexadecimal digits, of which `at(i)` are a number from 0 to 65535. */
const at = (digits: number) => `('x' || substr(hash, ${digits * 4 + 1}, 4))::bit(16)::int`;
const pick = (list: string, digits: number) => `(${list})[1 + ${at(digits)} % cardinality(${list})]`;
const syllable = (digits: number) =>
  `($3::text[])[1 + floor(cardinality($3::text[]) * power(${at(digits)} / 65536.0, 3))::int]`;

const GROW = `
  INSERT INTO customer (id, code, version, status, name, folded_name, owner_id, region, level, satisfaction, industry, phone, address,
                        tags, search_text, duplicate_keys, created_at)
  SELECT (lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
         code, 1, status, name, ${NAME_FOLDED('name')}, owner_id, region, level, satisfaction, industry, phone, address,
         '{}', concat_ws(chr(10), ${FOLDED('name')}, ${FOLDED('code')}, ${FOLDED('phone')}),
         ARRAY['n:' || regexp_replace(${FOLDED('name')}, '有限公司$', ''), 'p:' || regexp_replace(phone, '\\D', '', 'g')], created_at
    FROM (
      SELECT n, hash, 'CUS-' || (10000000 + n) AS code, ${pick('$1::text[]', 0)} AS status, ${pick('$2::uuid[]', 1)} AS owner_id,
             CASE WHEN ${at(7)} % 5 = 0
                  THEN ${pick('$6::text[]', 2)} || ' ' || ${pick('$7::text[]', 3)} || ' ' || n
                  ELSE ${pick('$4::text[]', 2)} || ${syllable(3)} || ${syllable(4)} || ${syllable(5)} || ${pick('$5::text[]', 6)} || '有限公司' END AS name,
             ${pick('$8::text[]', 2)} AS region, ${pick('$9::text[]', 3)} AS level, 1 + ${at(4)} % 5 AS satisfaction,
             ${pick('$10::text[]', 5)} AS industry, '+86 10-' || lpad((${at(0)} * 1500 + n % 1500)::text, 8, '0') AS phone,
             ${pick('$4::text[]', 2)} || '市人民路' || (1 + n % 999) || '号' AS address,
             timestamptz '2021-01-01 00:00:00Z' + n * interval '150 seconds' + ${at(6)} * interval '1 millisecond' AS created_at
        FROM (SELECT n, md5('customer ' || n) AS hash FROM generate_series($11::int, $12::int) AS n) AS numbers
    ) AS made`;

/** Grows the customers of the benchmark from `from` to `to`, as the product would have stored them, but without their events. */
export async function growCustomers(database: pg.Client, from: number, to: number): Promise<void> {
  const owners = await ownerIds(database);
  const codes = async (type: string) =>
    (
      await database.query<{ code: string }>('SELECT code FROM dictionary_entry WHERE type = $1 ORDER BY code', [type])
    ).rows.map(({ code }) => code);
  // What the demo and the rounds before have stored goes to the end of the lists.
  await database.query(
    `UPDATE customer SET created_at = created_at - interval '20 years' WHERE created_at > '2026-01-01'`,
  );
  // Made anew over all rows, the search index takes a fraction of the time.
  const { rows } = await database.query<{ sql: string }>(`SELECT pg_get_indexdef('customer_search'::regclass) AS sql`);
  await database.query('DROP INDEX customer_search');
  await database.query(GROW, [
    STATUSES,
    OWNERS.map((name) => owners.get(name)),
    SYLLABLES,
    PLACES,
    TRADES,
    LATIN,
    FORMS,
    await codes('region'),
    await codes('customer_level'),
    await codes('industry'),
    from + 1,
    to,
  ]);
  await database.query('TRUNCATE customer_key');
  await database.query(`
    INSERT INTO customer_key (key, customer_id, again)
    SELECT key, id, row_number() OVER (PARTITION BY key ORDER BY id) > 1
      FROM customer, unnest(duplicate_keys) AS key WHERE deleted_at IS NULL`);
  await database.query(`SET maintenance_work_mem = '512MB'`);
  await database.query(rows[0]!.sql);
  await requireSameTexts(database);
  // What autovacuum would do up to 15 s later, in the middle of a round.
  await database.query('VACUUM (ANALYZE) customer, customer_key');
  await database.query('CHECKPOINT');
}

async function ownerIds(database: pg.Client): Promise<Map<string, string>> {
  const { rows } = await database.query<{ id: string; username: string }>(
    'SELECT id, username FROM auth.users WHERE username = ANY ($1)',
    [OWNERS],
  );
  return new Map(rows.map(({ id, username }) => [username, id]));
}

/** The texts that the product's own code makes for the last thousand must be the ones that SQL made. */
async function requireSameTexts(database: pg.Client): Promise<void> {
  const { rows } = await database.query<
    Record<'name' | 'code' | 'phone' | 'search_text' | 'folded_name', string> & { duplicate_keys: string[] }
  >(
    'SELECT name, code, phone, search_text, folded_name, duplicate_keys FROM customer ORDER BY created_at DESC LIMIT 1000',
  );
  for (const { name, code, phone, search_text, folded_name, duplicate_keys } of rows)
    if (
      search_text !== searchText(name, code, phone) ||
      folded_name !== foldName(name) ||
      duplicate_keys.join() !== duplicateKeys([{ name, phone }], []).join()
    )
      throw new Error(
        `The benchmark stores ${JSON.stringify([search_text, duplicate_keys])} for the customer ${name} ${code} ${phone}`,
      );
}

/** One request: the path of the product behind `/api/v1`, and the parameters of the statement that it comes to. */
export interface Sample {
  readonly path: string;
  readonly parameters: string[];
}

/** @param count how many different ids */
export async function idSamples(database: pg.Client, count: number): Promise<Sample[]> {
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM customer WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT $1',
    [count],
  );
  return rows.map(({ id }) => ({ path: `/customers/${id}`, parameters: [id] }));
}

export const newestSamples = (): Sample[] => [{ path: '/customers?sort=-createdAt&limit=50', parameters: [] }];

/** Each owner with each status. */
export async function filteredSamples(database: pg.Client): Promise<Sample[]> {
  const { rows } = await database.query<{ owner: string; status: string }>(
    `SELECT owner_id AS owner, status FROM customer WHERE owner_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 100 ORDER BY 1, 2`,
  );
  return rows.map(({ owner, status }) => ({
    path: `/customers?ownerId=${owner}&status=${status}&sort=-createdAt&limit=50`,
    parameters: [owner, status],
  }));
}

const HITS = { least: 30, most: 300 };

/** Two characters from the middle of Chinese names that 30 to 300 customers have, and how many that is in the middle. */
export async function containsSamples(
  database: pg.Client,
  count: number,
): Promise<{ samples: Sample[]; hits: number }> {
  const { rows } = await database.query<{ pair: string; hits: number }>(
    `SELECT pair, hits::int
       FROM (SELECT substr(name, 3 + place, 2) AS pair, count(*) AS hits
               FROM customer, generate_series(0, 1) AS place WHERE name LIKE '%有限公司' GROUP BY 1) AS pairs
      WHERE hits BETWEEN $1 AND $2 ORDER BY md5(pair) LIMIT $3`,
    [HITS.least, HITS.most, count],
  );
  const samples = rows.map(({ pair }) => ({
    path: `/customers?q=${encodeURIComponent(pair)}&limit=50`,
    parameters: [`%${pair}%`, pair],
  }));
  const sorted = rows.map(({ hits }) => hits).sort((a, b) => a - b);
  return { samples, hits: sorted[sorted.length >> 1]! };
}

/** Bodies for `POST /customers`; `#` in them becomes a number of its own in each request. */
export async function newCustomers(database: pg.Client): Promise<string[]> {
  const owners = [...(await ownerIds(database)).values()];
  return PLACES.flatMap((place, index) =>
    TRADES.map((trade) =>
      JSON.stringify({
        name: `${place}${SYLLABLES[index]}${SYLLABLES[index + 40]}#${trade}有限公司`,
        ownerId: owners[index % owners.length],
        region: 'shanghai',
        industry: 'manufacturing',
        phone: '+86 21-5550 1234',
        address: `${place}市人民路1号`,
      }),
    ),
  );
}
