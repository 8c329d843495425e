import { KnownSeries } from './support/known-series';
import { parsePromql } from './support/promql';

const series = [
  { name: 'calls_total', labels: { method: 'Buy', code: 'OK', service: 'api' }, value: 1 },
  { name: 'lag_bucket', labels: { le: '1' }, value: 1 },
];
const known = new KnownSeries(series, { code: ['OK', 'UNAVAILABLE'] });

describe('a query', () => {
  it.each([
    'sum by (method) (rate(calls_total{code!="OK"}[5m])) / sum by (method) (rate(calls_total[5m]))',
    'histogram_quantile(0.99, sum by (le) (rate(lag_bucket[5m])))',
    'max by (method) (sum by (method, code) (calls_total{code=~"OK|UNAVAILABLE", service=~"a.*"}))',
    'topk(3, sum by (method, instance) (calls_total))',
    'up{job="a"} == 0 unless on () max(calls_total) >= 0 or vector(0)',
  ])('that a mesh can answer is right: %s', (text) => {
    expect(known.problems(parsePromql(text))).toEqual([]);
  });

  it.each([
    ['sum(rate(callz_total[5m]))', 'no metric callz_total is exported'],
    ['sum by (methud) (rate(calls_total[5m]))', 'there is no label methud in'],
    ['max by (code) (sum by (method) (calls_total))', 'there is no label code in'],
    ['calls_total{kode="OK"}', 'calls_total has no label kode'],
    ['calls_total{method="Sell"}', 'no series of calls_total has method="Sell"'],
    ['calls_total{code=~"OK|AWAY"}', 'calls_total never has code AWAY'],
  ])('that stays empty is found: %s', (text, problem) => {
    expect(known.problems(parsePromql(text)).join()).toContain(problem);
  });

  it.each(['sum(', 'sum by () calls_total', 'rate(calls_total[5])x', 'sum without (a) (calls_total)', '{code="OK"}'])(
    'that is none is refused: %s',
    (text) => {
      expect(() => parsePromql(text)).toThrow(SyntaxError);
    },
  );
});
