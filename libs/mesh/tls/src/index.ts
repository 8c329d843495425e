export { decideCaller, type AuthorizationDecision, type AuthorizationQuestion } from './authorization-decider';
export { authorizationPolicy, type AuthorizationOptions } from './authorization-policy';
export {
  callerIdentity,
  type CallerIdentity,
  type DnsIdentity,
  type NoIdentity,
  type SpiffeIdentity,
} from './caller-identity-decider';
export { callerNames } from './caller-names-decider';
export {
  CERTIFICATE_FILE_BYTES_MAX,
  CertificateFiles,
  type CertificateFilePaths,
  type CertificateFilesOptions,
} from './certificate-files';
export {
  CertificateError,
  checkCertificates,
  type CertificateNames,
  type CertificatePems,
  type Certificates,
} from './certificates';
export { channelSecurity, type ChannelSecurity, type ChannelSecurityOptions } from './channel-credentials';
export { serverCredentials } from './server-credentials';
