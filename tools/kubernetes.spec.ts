import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { natsUsers, SERVICES } from '#contracts';
import { parse, parseAllDocuments } from 'yaml';
import { APPLICATIONS } from './application-settings.js';
import { type Environment, loadSecretsModule, readText, root, unknownSettings } from './deploy.fixture.js';

type Labels = Record<string, string>;
interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}
interface PodContainer {
  image: string;
  args: string[];
  ports: Array<{ name: string; containerPort: number }>;
  env: Variable[];
  envFrom?: Array<{ configMapRef: { name: string } }>;
  [member: string]: unknown;
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    template?: { metadata: { labels: Labels }; spec: { containers: [PodContainer]; [member: string]: unknown } };
    selector?: Labels;
    ports?: Array<{ port: number; targetPort?: string }>;
    podSelector?: { matchLabels?: Labels };
    [member: string]: unknown;
  };
}
interface Kustomization {
  resources: string[];
  images: Array<{ name: string; newTag: string }>;
  configMapGenerator: Array<{ name: string; literals?: string[]; files?: string[] }>;
}

const kustomization = parse(readText('k8s/kustomization.yaml')) as Kustomization;
const manifests = kustomization.resources.flatMap((file) =>
  parseAllDocuments(readText(`k8s/${file}`)).map((document) => document.toJS() as Manifest),
);
const { items: secrets } = (await loadSecretsModule()).kubernetesSecrets();

function find(kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}
const podOf = (name: string) => find(name === 'nats' ? 'StatefulSet' : 'Deployment', name).spec.template!;
const containerOf = (name: string): PodContainer => podOf(name).spec.containers[0];

/** The variables of a ConfigMap, made by kustomize or by the generator of secrets. */
function configMap(name: string): Environment {
  const generated = kustomization.configMapGenerator.find((map) => map.name === name);
  if (generated)
    return Object.fromEntries(generated.literals!.map((literal) => literal.split(/=(.*)/s).slice(0, 2))) as Environment;
  return secrets.find((item) => item.kind === 'ConfigMap' && item.metadata.name === name)!.data!;
}

/** What Kubernetes gives the container; a reference to a key that nobody makes throws. */
function environmentOf(name: string): Environment {
  const { env, envFrom = [] } = containerOf(name);
  const own = env.map(({ name: variable, value, valueFrom }): [string, string] => {
    if (!valueFrom) return [variable, value!];
    const { name: secret, key } = valueFrom.secretKeyRef;
    const found = secrets.find((item) => item.kind === 'Secret' && item.metadata.name === secret)?.stringData?.[key];
    if (!found) throw new Error(`${variable}: nobody makes ${key} of the Secret ${secret}`);
    return [variable, found];
  });
  return Object.assign(
    {},
    ...envFrom.map(({ configMapRef }) => configMap(configMapRef.name)),
    Object.fromEntries(own),
  ) as Environment;
}

describe('k8s', () => {
  it('names every file in the kustomization', () => {
    const files = readdirSync(`${root}k8s`).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
    expect([...kustomization.resources].sort()).toEqual(files.sort());
  });

  it.each(APPLICATIONS)('sets what %s needs and nothing that it does not know', (name) => {
    expect(unknownSettings(name, environmentOf(name))).toEqual([]);
  });

  it.each(APPLICATIONS)('%s takes secrets by reference and only its own', (name) => {
    const { env } = containerOf(name);
    const referred = env.flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef.name] : []));
    expect(new Set(referred)).toEqual(new Set([`crm-${name}`]));
    const made = secrets.find((item) => item.kind === 'Secret' && item.metadata.name === `crm-${name}`);
    expect(referred).toHaveLength(Object.keys(made!.stringData!).length);
    expect(env.find((variable) => variable.name === 'NATS_USER')?.value).toBe(name);
  });

  it.each(APPLICATIONS)('%s is probed, limited, spread, confined, and drained before it stops', (name) => {
    const { spec } = podOf(name);
    const container = containerOf(name);
    expect(container.args).toEqual([`dist/bundle/apps/${name}/src/main.js`]);
    expect(container).toMatchObject({
      livenessProbe: { httpGet: { path: '/health/live', port: 'http' } },
      readinessProbe: { httpGet: { path: '/health/ready', port: 'http' } },
      resources: {
        requests: { cpu: expect.anything(), memory: expect.anything() },
        limits: { cpu: expect.anything(), memory: expect.anything() },
      },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      lifecycle: { preStop: { sleep: { seconds: 10 } } },
    });
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // 10 s of draining and the 25 s that an application gives itself.
      terminationGracePeriodSeconds: 60,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      topologySpreadConstraints: [{ labelSelector: { matchLabels: { 'app.kubernetes.io/name': name } } }],
    });
  });

  it.each(APPLICATIONS)('%s has a Service, an autoscaler and a disruption budget that mean its pods', (name) => {
    const labels = { 'app.kubernetes.io/name': name };
    expect(podOf(name).metadata.labels).toMatchObject(labels);
    expect(find('Deployment', name).spec.selector).toEqual({ matchLabels: labels });
    expect(find('Service', name).spec.selector).toEqual(labels);
    expect(find('PodDisruptionBudget', name).spec.selector).toEqual({ matchLabels: labels });
    expect(find('HorizontalPodAutoscaler', name).spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name },
      minReplicas: 2,
    });
  });

  it('routes the gateway to the ports that the services listen on', () => {
    const gateway = environmentOf('gateway');
    for (const name of SERVICES) {
      const { hostname, port } = new URL(gateway[`${name.toUpperCase()}_URL`]!);
      const [service] = find('Service', hostname).spec.ports!;
      expect([hostname, port]).toEqual([name, String(service!.port)]);
      expect(service!.targetPort).toBe('http');
      expect(environmentOf(name).PORT).toBe(String(portOf(name)));
    }
    expect(gateway.GATEWAY_PORT).toBe(String(portOf('gateway')));
    expect(gateway.NATS_URL).toBe(`nats://nats:${find('Service', 'nats').spec.ports![0]!.port}`);
  });

  it('denies all traffic by default and opens the way gateway → services → database and broker only', () => {
    expect(find('NetworkPolicy', 'default-deny').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    for (const name of [...APPLICATIONS, 'nats']) expect(policiesOf(name)).toHaveLength(1);
    const tier = (value: string) => [{ podSelector: { matchLabels: { 'crm/tier': value } } }];
    expect(policiesOf('gateway')[0]!.spec.egress).toEqual([
      { to: tier('service'), ports: [{ port: portOf('auth') }] },
      { to: tier('broker'), ports: [{ port: portOf('nats') }] },
    ]);
    expect(policiesOf('auth')[0]!.spec).toMatchObject({
      ingress: [{ from: tier('edge'), ports: [{ port: portOf('auth') }] }],
      egress: [
        { to: tier('broker'), ports: [{ port: portOf('nats') }] },
        { to: [{ podSelector: { matchLabels: { 'cnpg.io/cluster': 'crm-postgres' } } }], ports: [{ port: 5432 }] },
      ],
    });
  });

  it('gives NATS the password of every user, the image of docker compose, and a disk that it cannot fill', () => {
    const passwords = natsUsers().map(({ user }) => `${user.toUpperCase().replace('-', '_')}_NATS_PASSWORD`);
    expect(Object.keys(environmentOf('nats')).sort()).toEqual(passwords.sort());
    for (const name of APPLICATIONS)
      expect(environmentOf('nats')[`${name.toUpperCase()}_NATS_PASSWORD`]).toBe(environmentOf(name).NATS_PASSWORD);
    expect(readText('docker-compose.yml')).toContain(`image: ${containerOf('nats').image}\n`);
    expect(readText('k8s/nats.conf')).toContain('max_file_store: 10GB');
    expect(readText('k8s/nats.yaml')).toContain('storage: 15Gi');
  });

  it('uses the image that docker compose builds', () => {
    const [{ name, newTag }] = kustomization.images as [{ name: string; newTag: string }];
    expect(readText('docker-compose.yml')).toContain(`image: ${name}:${newTag}\n`);
    expect(JSON.parse(readText('package.json'))).toMatchObject({ version: newTag });
    for (const app of APPLICATIONS) expect(containerOf(app).image).toBe(name);
  });

  it('asks for no more database connections than the README tells the operator to allow', () => {
    const allowed = Number(readText('k8s/README.md').match(/max_connections: '(\d+)'/)![1]);
    // Besides the pool: the relay's own connection, and one that migrates.
    const wanted = SERVICES.map((name) => {
      const copies = find('HorizontalPodAutoscaler', name).spec.maxReplicas as number;
      return copies * (Number(environmentOf(name).DATABASE_POOL) + 2);
    });
    expect(wanted.reduce((sum, one) => sum + one, 0)).toBeLessThan(allowed);
  });

  it('kustomize builds it, where kubectl is at hand', () => {
    const { error, status, stdout, stderr } = spawnSync('kubectl', ['kustomize', `${root}k8s`], { encoding: 'utf8' });
    if (error) return;
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const built = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    const maps = kustomization.configMapGenerator.length;
    expect(built).toHaveLength(manifests.length + maps);
    const images = built.flatMap(({ spec }) => spec?.template?.spec.containers.map(({ image }) => image) ?? []);
    expect(images.every((image) => image.includes(':'))).toBe(true);
  });
});

function portOf(name: string): number {
  return containerOf(name).ports[0]!.containerPort;
}

function policiesOf(name: string): Manifest[] {
  const { labels } = podOf(name).metadata;
  return manifests.filter(({ kind, spec }) => {
    const wanted = Object.entries(spec?.podSelector?.matchLabels ?? {});
    return kind === 'NetworkPolicy' && wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
}
