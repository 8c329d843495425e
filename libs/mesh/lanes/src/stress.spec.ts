import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import { CallContext, metadataOf, OutgoingCall, Passage, runInCall, type ServerPolicy } from '@giftmesh/mesh-context';
import {
  isStress,
  laneOf,
  lanesClientPolicy,
  lanesServerPolicy,
  markCall,
  saysStress,
  STRESS_TOKEN_HEADER,
  stressEdgePolicy,
  stressLimitPolicy,
} from './index';

const policy = {
  deadlineMs: undefined,
  priority: 0,
  idempotency: 'unknown',
  requestStream: false,
  responseStream: false,
} as const;
const TOKEN = 'sixteen letters!';

const callWith = (metadata: Readonly<Record<string, string>> = {}): CallContext =>
  new CallContext({
    method: '/shop.Shop/Buy',
    policy,
    clock: systemClock,
    metadata: metadataOf(new Map(Object.entries(metadata))),
  });

/** Lets a call in; throws what the first policy threw that refuses. */
function enter(policies: readonly ServerPolicy[], call: CallContext): Passage {
  const passage = new Passage(policies, call);
  void passage.enter();
  return passage;
}

function refusalOf(work: () => unknown): StatusError {
  try {
    work();
  } catch (error) {
    return error as StatusError;
  }
  throw new Error('was not refused');
}

describe('stressEdgePolicy', () => {
  const edge = (token: string | undefined, call: CallContext): CallContext => {
    enter([lanesServerPolicy({ trust: false, assign: () => ({ lane: 'blue' }) }), stressEdgePolicy({ token })], call);
    return call;
  };

  it('marks calls that show the token, in the lane that they have', () => {
    const marked = edge(TOKEN, callWith({ [STRESS_TOKEN_HEADER]: TOKEN }));
    expect([isStress(marked), laneOf(marked)]).toEqual([true, 'blue']);
    const policyAlone = stressEdgePolicy({ token: TOKEN });
    const alone = callWith({ [STRESS_TOKEN_HEADER]: TOKEN });
    enter([policyAlone], alone);
    expect([isStress(alone), laneOf(alone), policyAlone.state?.()]).toEqual([
      true,
      'base',
      { taken: true, marked: 1, refused: 0 },
    ]);
  });

  it('leaves calls that show none as they are, whatever their baggage says', () => {
    for (const token of [TOKEN, undefined])
      expect(isStress(edge(token, callWith({ baggage: 'mesh.stress=1' })))).toBe(false);
  });

  it.each(['', 'wrong', `${TOKEN} `, TOKEN.toUpperCase()])(
    'refuses the wrong token %j: it is no real call',
    (shown) => {
      expect(refusalOf(() => edge(TOKEN, callWith({ [STRESS_TOKEN_HEADER]: shown })))).toMatchObject({
        code: StatusCode.PERMISSION_DENIED,
        reason: 'STRESS_TOKEN_WRONG',
      });
    },
  );

  it('refuses every token where load tests are not taken', () => {
    expect(refusalOf(() => edge(undefined, callWith({ [STRESS_TOKEN_HEADER]: TOKEN })))).toMatchObject({
      code: StatusCode.FAILED_PRECONDITION,
      reason: 'STRESS_NOT_SUPPORTED',
    });
  });

  it('refuses a token that is too short, without telling it', () => {
    expect(() => stressEdgePolicy({ token: 'fifteen letters' })).toThrow('at least 16 characters, has 15');
  });
});

describe('saysStress', () => {
  it.each<[boolean, Record<string, string>]>([
    [true, { [STRESS_TOKEN_HEADER]: 'wrong' }],
    [true, { baggage: 'user=7, mesh.stress=1' }],
    [false, { baggage: 'mesh.stress=0' }],
    [false, { baggage: 'user=mesh.stress' }],
    [false, {}],
  ])('is %s for %j', (expected, metadata) => {
    expect(saysStress(metadataOf(new Map(Object.entries(metadata))))).toBe(expected);
  });
});

describe('stressLimitPolicy', () => {
  const limit = stressLimitPolicy({ callsMax: 2 });
  const marked = (): CallContext => {
    const call = callWith();
    markCall(call, { stress: true });
    return call;
  };

  it('lets so many calls of load tests in at once, and any number of others', () => {
    const [first] = [enter([limit], marked()), enter([limit], marked())];
    expect(refusalOf(() => enter([limit], marked()))).toMatchObject({
      code: StatusCode.RESOURCE_EXHAUSTED,
      reason: 'STRESS_LIMIT',
    });
    for (let call = 0; call < 10; call += 1) enter([limit], callWith()).leave(undefined);
    // The caller has gone, the handler goes on: its place is taken still.
    first?.leave(undefined, true);
    refusalOf(() => enter([limit], marked()));
    first?.done();
    enter([limit], marked());
    expect(limit.state?.()).toEqual({ calls: 2, callsMax: 2, refused: 2 });
  });

  it.each([0, -1, 1.5, NaN])('refuses a limit of %d', (callsMax) => {
    expect(() => stressLimitPolicy({ callsMax })).toThrow(`is ${callsMax}`);
  });
});

describe('a client of what works for load tests', () => {
  const sent = (stress: boolean, parent: CallContext | undefined): { baggage: string | undefined; stress: boolean } => {
    const call = new OutgoingCall({ method: '/shop.Stock/Take', policy, clock: systemClock, parent });
    void lanesClientPolicy({ stress }).begin?.(call);
    return { baggage: call.metadata.get('baggage'), stress: isStress(call) };
  };

  it('marks every call, also those that belong to no call', () => {
    const blue = callWith();
    markCall(blue, { lane: 'blue' });
    const stressed = callWith();
    markCall(stressed, { stress: true });
    expect(sent(true, undefined)).toEqual({ baggage: 'mesh.stress=1', stress: true });
    expect(sent(true, blue)).toEqual({ baggage: 'mesh.stress=1,mesh.lane=blue', stress: true });
    expect(sent(true, stressed)).toEqual({ baggage: 'mesh.stress=1', stress: true });
    expect(isStress(blue)).toBe(false);
    expect(sent(false, undefined)).toEqual({ baggage: undefined, stress: false });
    expect(runInCall(stressed, () => sent(false, stressed))).toEqual({ baggage: 'mesh.stress=1', stress: true });
  });
});
