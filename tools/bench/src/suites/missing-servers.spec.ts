import type * as Infra from '@giftmesh/tool-infra';
import { EX_UNAVAILABLE, runBench } from '../run-bench';

jest.mock('@giftmesh/tool-infra', () => {
  const infra = jest.requireActual<typeof Infra>('@giftmesh/tool-infra');
  const missing = async (): Promise<never> => {
    throw new infra.MissingProgramError('redis-server is not on the PATH');
  };
  return { ...infra, startRedis: missing, startMariaDb: missing, startKafka: missing };
});

describe('suites on real servers, where none are installed', () => {
  it.each([[['store']], [['ledger']], [['hot-streamer']], [['gifts', '--stores', 'real']]])(
    '%j says what is missing and how to get it',
    async (args) => {
      const err: string[] = [];
      const code = await runBench(args, { out: () => undefined, err: (line) => err.push(line) });
      expect({ code, said: err.at(-1) }).toEqual({
        code: EX_UNAVAILABLE,
        said: expect.stringMatching(/npm run infra -- install.*redis-server is not on the PATH/),
      });
    },
  );
});
