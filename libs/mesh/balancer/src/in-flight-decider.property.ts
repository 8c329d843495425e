import fc from 'fast-check';
import { InFlight, PICK_FORGOTTEN_AFTER_MS, PICKS_WAITING_MAX, type PickedCall } from './in-flight-decider';

type Step =
  | { readonly kind: 'pick' }
  | { readonly kind: 'start' | 'end'; readonly call: number }
  | { readonly kind: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>({ kind: 'pick' }),
  fc.record({ kind: fc.constantFrom('start' as const, 'end' as const), call: fc.nat(20) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(600) }),
);

describe('InFlight', () => {
  it('counts what was picked or started, has not ended and is not forgotten', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const inFlight = new InFlight();
        const calls: { readonly call: PickedCall; readonly pickedMs: number; state: 'picked' | 'running' | 'ended' }[] =
          [];
        let nowMs = 0;
        for (const it of steps) {
          if (it.kind === 'wait') nowMs += it.ms;
          else if (it.kind === 'pick') calls.push({ call: inFlight.picked(nowMs), pickedMs: nowMs, state: 'picked' });
          else {
            const known = calls[it.call];
            if (it.kind === 'start') {
              known?.call.started();
              if (known?.state === 'picked') known.state = 'running';
            } else {
              known?.call.ended();
              if (known !== undefined) known.state = 'ended';
            }
          }
          const expected = calls.filter(
            ({ state, pickedMs }) =>
              state === 'running' || (state === 'picked' && nowMs - pickedMs < PICK_FORGOTTEN_AFTER_MS),
          );
          expect(inFlight.count(nowMs)).toBe(expected.length);
        }
        for (const { call } of calls) call.ended();
        expect(inFlight.count(nowMs)).toBe(0);
      }),
    );
  });

  it('holds no more waiting picks than its limit, and still counts the forgotten ones that start', () => {
    const inFlight = new InFlight();
    const first = inFlight.picked(0);
    for (let index = 0; index < PICKS_WAITING_MAX; index += 1) inFlight.picked(0);
    expect(inFlight.count(0)).toBe(PICKS_WAITING_MAX);
    first.started();
    expect(inFlight.count(0)).toBe(PICKS_WAITING_MAX + 1);
    expect(inFlight.count(PICK_FORGOTTEN_AFTER_MS)).toBe(1);
    first.ended();
    expect(inFlight.count(PICK_FORGOTTEN_AFTER_MS)).toBe(0);
  });
});
