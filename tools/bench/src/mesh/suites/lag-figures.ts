import { atMost, figure, type Figure } from '../../figures';
import { LAG_P99_MS_MAX } from '../load/load-report';
import type { LagBook } from '../load/measured';

/** How well the generator kept to its plan: the figure that all others stand on. */
export function lagFigure(suite: string, lags: LagBook): Figure {
  return figure(`${suite}.generator_lag_p99`, lags.worstP99Ms, 'ms', atMost(LAG_P99_MS_MAX));
}
