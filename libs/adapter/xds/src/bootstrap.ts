import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '@giftmesh/kernel-config';

/** The variable that names the bootstrap's file. Wins over the other, by gRFC A27. */
export const BOOTSTRAP_FILE = 'GRPC_XDS_BOOTSTRAP';
/** The variable that holds the bootstrap itself. */
export const BOOTSTRAP_TEXT = 'GRPC_XDS_BOOTSTRAP_CONFIG';

/** How grpc-js-xds can reach a control plane; it knows no other. */
const CREDENTIALS = ['insecure', 'google_default'];

const server = z.object({
  server_uri: z.string().min(1, 'must not be empty'),
  channel_creds: z
    .array(z.object({ type: z.string(), config: z.record(z.string(), z.unknown()).optional() }))
    .refine((all) => all.some(({ type }) => CREDENTIALS.includes(type)), {
      error: `must have one whose type is ${CREDENTIALS.join(' or ')}: grpc-js knows no other`,
    }),
  server_features: z.array(z.string()).optional(),
});
const provider = z.object({
  plugin_name: z.literal('file_watcher', 'must be file_watcher: grpc-js knows no other'),
  config: z
    .object({
      certificate_file: z.string().optional(),
      private_key_file: z.string().optional(),
      ca_certificate_file: z.string().optional(),
      refresh_interval: z.string().regex(/^\d+(\.\d{1,9})?s$/, 'must be seconds, such as 600s'),
    })
    .refine((files) => (files.certificate_file === undefined) === (files.private_key_file === undefined), {
      error: 'must have both certificate_file and private_key_file, or neither',
    })
    .refine((files) => files.certificate_file !== undefined || files.ca_certificate_file !== undefined, {
      error: 'must have certificate_file and private_key_file, or ca_certificate_file',
    }),
});
const bootstrap = z.object({
  xds_servers: z.array(server).min(1, 'must have at least one; the first is used'),
  node: z.object({
    id: z.string(),
    cluster: z.string().optional(),
    // Optional for others, but grpc-js refuses a node without.
    locality: z.object({
      region: z.string().optional(),
      zone: z.string().optional(),
      sub_zone: z.string().optional(),
    }),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  authorities: z
    .record(
      z.string(),
      z.object({
        client_listener_resource_name_template: z.string().optional(),
        xds_servers: z.array(server).optional(),
      }),
    )
    .superRefine((authorities, context) => {
      for (const [name, { client_listener_resource_name_template: template }] of Object.entries(authorities)) {
        if (template === undefined || template.startsWith(`xdstp://${name}/`)) continue;
        const path = [name, 'client_listener_resource_name_template'];
        context.addIssue({ code: 'custom', path, message: `must start with xdstp://${name}/` });
      }
    })
    .optional(),
  client_default_listener_resource_name_template: z.string().optional(),
  server_listener_resource_name_template: z.string().optional(),
  certificate_providers: z.record(z.string(), provider).optional(),
});

/** How a process finds its control plane, by gRFC A27; fields that are not named here are let through. */
export interface Bootstrap {
  /** The variable that it came from. */
  readonly variable: typeof BOOTSTRAP_FILE | typeof BOOTSTRAP_TEXT;
  /** Where the control plane is. */
  readonly server: string;
  /** Who the process says that it is. */
  readonly node: string;
  /** Further control planes, by the names that targets call them by (`xds://authority/name`). */
  readonly authorities: readonly string[];
}

/**
 * Reads the bootstrap of a process from its environment: `GRPC_XDS_BOOTSTRAP` names a file, `GRPC_XDS_BOOTSTRAP_CONFIG` is the text itself.
 * Undefined where there is none. Throws ConfigError for a file that can't be read and for whatever grpc-js would refuse later, in its own way.
 */
export function readBootstrap(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Bootstrap | undefined {
  const path = environment[BOOTSTRAP_FILE] ?? '';
  const text = environment[BOOTSTRAP_TEXT] ?? '';
  if (path !== '') return parse(BOOTSTRAP_FILE, textOf(path, readFile), ` (${path})`);
  return text === '' ? undefined : parse(BOOTSTRAP_TEXT, text, '');
}

function textOf(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new ConfigError([`${BOOTSTRAP_FILE} names a file that can't be read: ${(error as Error).message}`]);
  }
}

function parse(variable: Bootstrap['variable'], text: string, from: string): Bootstrap {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ConfigError([`${variable}${from} is no JSON: ${(error as Error).message}`]);
  }
  const result = bootstrap.safeParse(json);
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map(({ path, message }) => `${variable}${from}: ${path.join('.') || 'it'}: ${message}`),
    );
  }
  const { xds_servers: servers, node, authorities = {} } = result.data;
  return {
    variable,
    server: servers[0]?.server_uri ?? '',
    node: node.id,
    authorities: Object.keys(authorities),
  };
}
