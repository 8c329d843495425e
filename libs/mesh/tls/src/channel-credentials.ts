import { checkServerIdentity as checkHostName, type PeerCertificate } from 'node:tls';
import { experimental, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import type { Cancel } from '@giftmesh/kernel-time';
import { callerIdentity } from './caller-identity-decider';
import { callerNames } from './caller-names-decider';
import type { CertificateFiles } from './certificate-files';
import type { Certificates } from './certificates';

export interface ChannelSecurityOptions {
  /**
   * Who the server must be: the short name of a neighbour, a whole SPIFFE ID, or a DNS name with a dot. Its address is of no matter then: not
   * who answers there, but who it proves to be. Default: its certificate must be for the host name that is called.
   */
  readonly server?: string;
}

/** What a channel of grpc-js takes. */
export interface ChannelSecurity {
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
}

/**
 * Credentials of channels that show the certificate in force and trust its authorities. New connections take what is in force when they are made.
 */
export function channelSecurity(files: CertificateFiles, { server }: ChannelSecurityOptions = {}): ChannelSecurity {
  const provider = new FilesProvider(files);
  const check =
    server === undefined ? checkHostName : (_: string, shown: PeerCertificate) => checkName(files, server, shown);
  return {
    credentials: experimental.createCertificateProviderChannelCredentials(provider, provider, {
      checkServerIdentity: check,
    }),
    // What is told as server name: an address would be against RFC 6066.
    channelOptions: server !== undefined && HOST_NAME.test(server) ? { 'grpc.ssl_target_name_override': server } : {},
  };
}

const HOST_NAME = /^[A-Za-z0-9_.-]+$/;

function checkName(files: CertificateFiles, server: string, { subjectaltname }: PeerCertificate): Error | undefined {
  const identity = callerIdentity(subjectaltname);
  const names = callerNames(identity, files.identity);
  if (names.includes(server)) return undefined;
  const shown = identity.kind === 'none' ? identity.problem : names.join(', ') || 'names of another domain';
  return new Error(`the server must be ${server}, and shows ${shown}`);
}

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** Gives grpc-js what is in force: at once, and when it changes. Both parts come within one turn, so no connection is made between them. */
class FilesProvider implements experimental.CertificateProvider {
  readonly #files: CertificateFiles;
  readonly #cancels = new Map<CaListener | IdentityListener, Cancel>();

  constructor(files: CertificateFiles) {
    this.#files = files;
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#add(listener, ({ ca }) => listener({ caCertificate: Buffer.from(ca) }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#remove(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#add(listener, ({ certificate, privateKey }) =>
      listener({ certificate: Buffer.from(certificate), privateKey: Buffer.from(privateKey) }),
    );
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#remove(listener);
  }

  #add(key: CaListener | IdentityListener, give: (certificates: Certificates) => void): void {
    this.#remove(key);
    this.#cancels.set(key, this.#files.subscribe(give));
    give(this.#files.current);
  }

  #remove(key: CaListener | IdentityListener): void {
    this.#cancels.get(key)?.();
    this.#cancels.delete(key);
  }
}
