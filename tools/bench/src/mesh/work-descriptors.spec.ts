import { methodPolicies } from '@giftmesh/mesh-policy';
import { workDescriptors } from './work-descriptors';
import { PRIORITY_BY_METHOD, workService } from './work-service';

describe('workDescriptors', () => {
  it('declares a deadline, a priority and idempotency for each method of the service', () => {
    const policies = methodPolicies(workDescriptors(1_500));
    for (const [name, { path }] of Object.entries(workService)) {
      expect(policies.get(path)).toEqual({
        deadlineMs: 1_500,
        priority: PRIORITY_BY_METHOD[name as keyof typeof workService],
        idempotency: 'idempotent',
        requestStream: false,
        responseStream: false,
      });
    }
  });
});
