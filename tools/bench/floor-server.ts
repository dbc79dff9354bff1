// The least that could answer: an HTTP server and the same statements. A process of its own, told by its parent what to run.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { v7 } from 'uuid';

export interface FloorSettings {
  readonly databaseUrl: string;
  readonly schema: string;
  readonly pool: number;
  /** SELECT statements by the path that asks for them; `?p=…&p=…` are their parameters. */
  readonly selects: Readonly<Record<string, string>>;
  /** `POST /create` stores what it is sent over this row of column names and values, with an id and code of its own. */
  readonly insert: { readonly table: string; readonly row: Readonly<Record<string, unknown>> };
}

const DATE = 1082;

process.once('message', (settings: FloorSettings) => {
  const { databaseUrl, schema, pool: max, selects, insert } = settings;
  pg.types.setTypeParser(DATE, (value) => value);
  const pool = new pg.Pool({ connectionString: databaseUrl, max, options: `-c search_path=${schema} -c timezone=UTC` });
  const columns = Object.keys(insert.row);
  const places = columns.map((_, index) => `$${index + 1}`);
  const insertion = `INSERT INTO ${insert.table} (${columns.join(', ')}) VALUES (${places.join(', ')})`;

  async function answer(request: IncomingMessage): Promise<unknown> {
    const [path = '', search = ''] = request.url!.slice(1).split('?');
    if (request.method === 'GET') {
      const parameters = search.split('&').filter(Boolean);
      return (
        await pool.query(
          selects[path]!,
          parameters.map((each) => decodeURIComponent(each.slice(2))),
        )
      ).rows;
    }
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
    const id = v7();
    const row: Record<string, unknown> = {
      ...insert.row,
      ...(JSON.parse(body) as object),
      id,
      code: id,
      created_at: new Date(),
    };
    await pool.query(
      insertion,
      columns.map((column) => row[column]),
    );
    return row;
  }

  function send(response: ServerResponse, status: number, value: unknown): void {
    const text = JSON.stringify(value);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (value) => send(response, request.method === 'GET' ? 200 : 201, value),
      (error: unknown) => send(response, 500, { error: String(error) }),
    );
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());
