// Measures, on a running demo, how long a customer takes to be visible through the gateway after the answer to the win that makes it.
// node tools/won-latency.mjs [http://localhost:3000] [wins]
import { setTimeout as sleep } from 'node:timers/promises';

const [gateway = 'http://localhost:3000', wins = '100'] = process.argv.slice(2);
const password = process.env.CRM_DEMO_PASSWORD ?? 'Demo-Passw0rd!';

async function call(method, path, token, body) {
  const response = await fetch(`${gateway}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}
const login = async (username) => (await call('POST', '/auth/login', undefined, { username, password })).accessToken;

const [manager, alice] = [await login('manager'), await login('alice')];
const assigneeId = (await call('GET', '/users?limit=200', manager)).items.find((user) => user.username === 'alice').id;
const run = Date.now().toString(36);
const latencies = [];
for (let index = 0; index < Number(wins); index++) {
  const customerName = `Latency ${run} ${index}`;
  const { id } = await call('POST', '/opportunities', manager, {
    customerName,
    summary: 'Measured',
    description: 'How long does a win take?',
    successRate: 90,
    contactName: 'Ann Other',
  });
  await call('POST', `/opportunities/${id}/assign`, manager, { assigneeId });
  const item = await call('POST', `/opportunities/${id}/plan-items`, alice, { date: '2026-01-02', todo: 'Visit' });
  await call('POST', `/opportunities/${id}/plan-items/${item.id}/result`, alice, { result: 'Yes' });
  await call('POST', `/opportunities/${id}/win`, alice);
  const begun = performance.now();
  while ((await call('GET', `/customers?name=${encodeURIComponent(customerName)}&limit=1`, alice)).items.length === 0)
    await sleep(2);
  latencies.push(performance.now() - begun);
}
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))].toFixed(1);
console.log(
  `won → customer visible, ${wins} wins: median ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
);
