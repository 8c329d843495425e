export { CertificateFolder } from './certificate-folder';
export {
  makeAuthority,
  type IssuedCertificate,
  type IssueOptions,
  type TestAuthority,
  type Validity,
} from './make-certificates';
