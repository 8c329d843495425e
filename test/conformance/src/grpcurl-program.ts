import { GO_BUILD_LIMIT_MS, goProgram } from '@giftmesh/test-harness';

const GRPCURL = {
  name: 'grpcurl',
  package: 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3',
  versionArgs: ['-version'],
};

/** The longest that Go may build it, milliseconds. */
export const BUILD_LIMIT_MS = GO_BUILD_LIMIT_MS;

/** grpcurl from the PATH, or built by Go into the folder and kept there; throws where neither is to be had. */
export function grpcurlProgram(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  return goProgram(GRPCURL, folder, env);
}
