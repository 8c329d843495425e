/** What `/state` shows, as far as the tests look at it. */
export interface AdminState {
  readonly overloaded: boolean;
  readonly behaviour: Readonly<Record<string, unknown>>;
  readonly features: Readonly<Record<string, 'on' | 'off'>>;
  readonly servers: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly channels: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
}

/** A sample of `/metrics`. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A process's admin endpoint, `host:port`. */
export class Admin {
  /** @param address may be set later, when a port is known. */
  constructor(public address: string) {}

  async state(): Promise<AdminState> {
    return (await this.#get('/state')).json() as Promise<AdminState>;
  }

  /** All samples of the metrics page. */
  async metrics(): Promise<readonly Sample[]> {
    const text = await (await this.#get('/metrics')).text();
    return text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(sampleOf);
  }

  /** The sum of the samples of a name that have all of these labels; 0 when there is none. */
  async sum(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const matching = (await this.metrics()).filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return matching.reduce((sum, { value }) => sum + value, 0);
  }

  /** How often a policy decided so, for all methods unless one is named. */
  decisions(policy: string, decision: string, method?: string): Promise<number> {
    const labels = { policy, decision, ...(method === undefined ? {} : { rpc_method: method }) };
    return this.sum('mesh_policy_decisions_total', labels);
  }

  async #get(path: string): Promise<Response> {
    const response = await fetch(`http://${this.address}${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response;
  }
}

function sampleOf(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/gi)].map(([, key, text]) => [key, text]);
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
}
