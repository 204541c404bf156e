import type { Reporter, TestModule } from 'vitest/node';

/** Prints the closing line "N passed, N failed, N skipped"; a file that failed to load counts as failed. */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const n = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const m of modules) {
      for (const t of m.children.allTests()) n[t.result().state]++;
      if (m.errors().length && !m.children.size) n.failed++;
    }
    process.on('exit', () => console.log(`${n.passed} passed, ${n.failed + errors.length} failed, ${n.skipped} skipped`));
  }
}
