import { type ProblemCode, PROBLEMS, RIGHTS, type Right, ROUTES, type ServiceRoute } from '#contracts';
import { z } from 'zod';
import { API_PREFIX } from '../proxy/forward.plugin.js';
import { headerParameters, pathParameters, queryParameters, takesIdempotencyKey, takesIfMatch } from './parameters.js';
import { type JsonSchema, SchemaCatalogue } from './schemas.js';

const VERSION = '0.1.0';
const FILES: Record<string, string> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

const FILE = { schema: { type: 'string', format: 'binary' } };

const Problem = z
  .object({
    type: z.string().meta({ description: 'What kind of problem: /problems/<code>' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    traceId: z.string(),
    errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details, in the language of Accept-Language (en, zh)' });

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly 'x-right': string;
  readonly [member: string]: unknown;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly paths: Record<string, Record<string, Operation>>;
  readonly [member: string]: unknown;
}

/** The whole API as clients see it at the gateway, made from the table of routes alone. */
export function openApiDocument(): OpenApiDocument {
  const schemas = new SchemaCatalogue();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of ROUTES) {
    if (route.access === 'gateway') continue;
    const path = `${API_PREFIX}${route.path.replace(/:(\w+)/g, '{$1}')}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route, schemas);
  }
  Object.assign(paths, ownPaths(schemas));
  const problem = schemas.output(Problem);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Event-driven CRM',
      version: VERSION,
      description: 'Marketing, customers, tickets, reports and access rights behind one gateway.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(ROUTES.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      responses: Object.fromEntries(
        problemStatuses().map((status) => [`Problem${status}`, problemResponse(status, problem)]),
      ),
      schemas: schemas.components,
    },
  };
}

function operation(route: ServiceRoute, schemas: SchemaCatalogue): Operation {
  const parameters = [...pathParameters(route), ...queryParameters(route, schemas), ...headerParameters(route)];
  return {
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    description: accessText(route),
    'x-right': route.access,
    security: route.access === 'public' ? [] : [{ bearer: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.upload
      ? { requestBody: { required: true, content: Object.fromEntries(route.upload.map((type) => [type, FILE])) } }
      : {}),
    ...(route.body ? { requestBody: jsonBody(route.body, schemas) } : {}),
    responses: { ...success(route, schemas), ...problems(route) },
  };
}

const jsonBody = (body: z.ZodType, schemas: SchemaCatalogue) => ({
  required: !body.safeParse(undefined).success,
  content: { 'application/json': { schema: schemas.input(body) } },
});

function accessText({ access, bodyLimit }: ServiceRoute): string {
  const limit = bodyLimit ? ` The body may hold ${bodyLimit} bytes.` : '';
  if (access === 'public') return `Needs no token.${limit}`;
  if (access === 'signed-in') return `Needs a valid token.${limit}`;
  const label = RIGHTS[access as Right];
  return `Needs the right \`${access}\` (${label.en} · ${label.zh}).${limit}`;
}

function success(route: ServiceRoute, schemas: SchemaCatalogue): Record<string, unknown> {
  const status = route.status ?? (route.response ? 200 : 204);
  if (route.file)
    return { [status]: { description: 'Done', content: { [route.file]: { schema: { type: 'string' } } } } };
  if (route.list?.formats) return { [status]: { description: 'The file', content: files(route.list.formats) } };
  if (!route.response) return { [status]: { description: 'Done' } };
  const schema = schemas.output(route.response);
  const formats =
    (route.query && (schemas.input(route.query).properties as Record<string, JsonSchema>)?.['format']?.enum) ?? [];
  return {
    [status]: {
      description: 'Done',
      ...(takesIfMatch(route) || status === 201
        ? { headers: { ETag: { description: 'The version of the record', schema: { type: 'string' } } } }
        : {}),
      content: { 'application/json': { schema }, ...files(formats as string[]) },
    },
  };
}

const files = (formats: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    formats.filter((format) => format in FILES).map((format) => [FILES[format]!, { schema: { type: 'string' } }]),
  );

function problems(route: ServiceRoute): Record<string, unknown> {
  const changes = route.method !== 'GET';
  const takesBody = route.body !== undefined || route.upload !== undefined;
  const statuses = [
    400,
    ...(route.access === 'public' && !route.secret ? [] : [401]),
    ...(route.access in RIGHTS ? [403] : []),
    ...(route.path.includes(':') ? [404] : []),
    ...(takesBody ? [408] : []),
    ...(changes && route.tag !== 'auth' ? [409] : []),
    ...(takesIfMatch(route) ? [412] : []),
    ...(takesBody ? [413, 415] : []),
    ...(takesBody || takesIdempotencyKey(route) ? [422] : []),
    429,
    503,
  ];
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]));
}

const problemStatuses = (): number[] => [...new Set(Object.values(PROBLEMS).map(({ status }) => status))].sort();

function problemResponse(status: number, schema: JsonSchema) {
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => PROBLEMS[code].status === status);
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title.en} · ${PROBLEMS[code].title.zh}`).join('; '),
    ...(status === 429 || status === 503
      ? { headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } } }
      : {}),
    content: { 'application/problem+json': { schema } },
  };
}

/** What the gateway answers by itself. */
function ownPaths(schemas: SchemaCatalogue): OpenApiDocument['paths'] {
  const own = (
    operationId: string,
    summary: string,
    response: z.ZodType,
    refusals: readonly string[] = [],
  ): Operation => ({
    operationId,
    tags: ['operations'],
    summary,
    description: 'Needs no token.',
    'x-right': 'public',
    security: [],
    responses: {
      200: { description: 'Yes', content: { 'application/json': { schema: schemas.output(response) } } },
      ...Object.fromEntries(refusals.map((status) => [status, { description: 'Not yet, or not any more' }])),
    },
  });
  const Status = z.object({ status: z.string() });
  return {
    '/health/live': { get: own('live', 'Whether the process lives · 存活检查', Status) },
    '/health/ready': {
      get: own('ready', 'Whether all services were ready once · 就绪检查', Status, ['503']),
    },
    '/.well-known/jwks.json': {
      get: own(
        'jwks',
        'Keys that access tokens are signed with · 访问令牌公钥',
        z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
        ['503'],
      ),
    },
  };
}
