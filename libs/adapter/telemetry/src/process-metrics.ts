import { performance } from 'node:perf_hooks';
import type { MetricsRegistry } from '@giftmesh/mesh-telemetry';

/**
 * Shows what a process uses, by the names of OpenTelemetry's conventions. Asked at each look; costs nothing between. CPU and memory are the
 * process's, the event loop that of the thread which calls this.
 */
export function processMetrics(metrics: MetricsRegistry): void {
  metrics.observedCounter(
    { name: 'process.cpu.time', unit: 's', help: 'CPU time of the process.', labels: ['cpu.mode'] },
    (report) => {
      const { user, system } = process.cpuUsage();
      report(['user'], user / 1e6);
      report(['system'], system / 1e6);
    },
  );
  metrics.gauge(
    { name: 'process.memory.usage', unit: 'By', help: 'Physical memory in use by the process.' },
    (report) => report([], process.memoryUsage.rss()),
  );
  metrics.gauge({ name: 'process.uptime', unit: 's', help: 'Since the process began.' }, (report) =>
    report([], process.uptime()),
  );
  metrics.observedCounter(
    {
      name: 'nodejs.eventloop.time',
      unit: 's',
      help: 'How long the event loop of this thread was active, and idle.',
      labels: ['nodejs.eventloop.state'],
    },
    (report) => {
      const { active, idle } = performance.eventLoopUtilization();
      report(['active'], active / 1_000);
      report(['idle'], idle / 1_000);
    },
  );
}
