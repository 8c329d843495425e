import { experimental } from '@grpc/grpc-js';

/** A backend's name: its address (`127.0.0.1:50051`, `/run/x.sock`), comma-separated when it has several. */
export function endpointName(endpoint: experimental.Endpoint): string {
  return endpoint.addresses.map(experimental.subchannelAddressToString).join(',');
}
