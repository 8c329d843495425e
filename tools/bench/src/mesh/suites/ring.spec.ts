import { movedShare } from './ring';

describe('movedShare', () => {
  it('is about one in the number of nodes: those of the node that left, and no others', () => {
    for (const nodes of [2, 5, 10]) {
      const moved = movedShare(nodes, 5_000);
      expect(moved).toBeGreaterThanOrEqual(1 / nodes);
      expect(moved).toBeLessThan(1.35 / nodes);
    }
  });
});
