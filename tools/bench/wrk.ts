import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What wrk is to send, again and again: one of `paths` or of `bodies`, by chance. */
export interface Requests {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of GET requests. */
  readonly paths: readonly string[];
  /** Makes them POST requests to the only path, each with an `Idempotency-Key`; `#` becomes a number of its own. */
  readonly bodies?: readonly string[];
}

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

interface Summary {
  requests: number;
  /** Microseconds, as the percentiles. */
  duration: number;
  errors: Record<string, number>;
  p50: number;
  p95: number;
  p99: number;
}

const MARK = 'SUMMARY ';
let runs = 0;

/**
 * Sends as fast as the answers come, over so many connections.
 * @throws Error when one answer was no success, or a connection failed
 */
export async function runWrk(requests: Requests, connections: number, seconds: number): Promise<WrkResult> {
  const program = process.env.WRK_BIN ?? 'wrk';
  const script = join(tmpdir(), `wrk-${process.pid}-${++runs}.lua`);
  writeFileSync(script, luaScript(requests, `${process.pid}-${Date.now()}-${runs}`));
  try {
    // One thread is enough for what two cores can answer, and leaves the more of them to the server.
    const output = await run(program, [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--timeout',
      '10s',
      '-s',
      script,
      requests.url,
    ]);
    return parseWrk(output);
  } finally {
    rmSync(script, { force: true });
  }
}

async function run(program: string, parameters: string[]): Promise<string> {
  // Unpacked into the checkout, wrk has LuaJIT beside it.
  const libraries = join(dirname(program), '..', 'lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  const wrk = spawn(program, parameters, {
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  wrk.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  wrk.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise((resolve, reject) => wrk.once('close', resolve).once('error', reject));
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`wrk ended with ${String(code)}: ${text}`);
  return text;
}

/** @throws Error with what wrk counted when not every answer was a success */
export function parseWrk(output: string): WrkResult {
  const line = output.split('\n').find((each) => each.startsWith(MARK));
  if (!line) throw new Error(`wrk told no summary:\n${output}`);
  const { requests, duration, errors, p50, p95, p99 } = JSON.parse(line.slice(MARK.length)) as Summary;
  const failed = Object.entries(errors).filter(([, count]) => count > 0);
  if (failed.length > 0 || requests === 0)
    throw new Error(
      `${requests} answers, not all of them good: ${failed.map(([kind, count]) => `${kind} ${count}`).join(', ')}\n${output}`,
    );
  return {
    requests,
    requestsPerSecond: requests / (duration / 1e6),
    p50: p50 / 1000,
    p95: p95 / 1000,
    p99: p99 / 1000,
  };
}

/** A Lua text of any content: JSON's escapes are Lua's but for these. */
const lua = (text: string): string => JSON.stringify(text).replaceAll('\\/', '/');

/** @param run part of the idempotency keys, so that no two runs share one */
function luaScript({ headers, paths, bodies }: Requests, run: string): string {
  const head = Object.entries(headers).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`);
  // The first answer that is no success is told, since wrk itself only counts them; GET requests are made ahead, to spare the CPU.
  return `
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set('number', threads)
end
${head.join('\n')}
local texts = { ${(bodies ?? paths).map(lua).join(',\n')} }
local ready = {}
local count = 0
function init()
  math.randomseed(number * 7919)
  ${bodies ? '' : `for index, path in ipairs(texts) do ready[index] = wrk.format('GET', path) end`}
end
function request()
  ${
    bodies
      ? `count = count + 1
  local name = number .. '-' .. count
  wrk.headers['Idempotency-Key'] = ${lua(run)} .. '-' .. name
  return wrk.format('POST', ${lua(paths[0]!)}, nil, (texts[math.random(#texts)]:gsub('#', name)))`
      : 'return ready[math.random(#ready)]'
  }
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format('${MARK}{"requests":%d,"duration":%d,"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d},"p50":%d,"p95":%d,"p99":%d}',
    summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status, errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
`;
}
