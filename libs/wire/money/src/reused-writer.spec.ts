import { common } from '@giftmesh/contract';
import { reusedWriter } from './reused-writer';

describe('reusedWriter', () => {
  const change = (incr: bigint): common.AssetChange => ({ userId: 7n, assetType: common.AssetType.COIN, incr });
  const alone = (message: common.AssetChange): Uint8Array => common.AssetChange.encode(message).finish();

  it('writes each message as if it were the only one, whatever came before', () => {
    const encode = reusedWriter(common.AssetChange);
    const first = encode(change(-1n));
    const second = encode(change(5n));
    expect([first, second]).toEqual([alone(change(-1n)), alone(change(5n))]);
  });

  it('is not disturbed by a message that can not be written', () => {
    const encode = reusedWriter(common.AssetChange);
    encode(change(1n));
    expect(() => encode(change(2n ** 70n))).toThrow();
    expect(encode(change(3n))).toEqual(alone(change(3n)));
  });
});
