import { describe, expect, it } from 'vitest';
import { checkRuleOverrides, configuredRules, rules } from '../src/index.ts';

describe('checkRuleOverrides', () => {
  it('names the known rules when one is unknown', () => {
    const [problem, ...more] = checkRuleOverrides({ memory_near_limits: { enabled: false } });
    expect(more).toEqual([]);
    expect(problem).toMatch(/^alerting\.rules\.memory_near_limits: expected one of /);
    for (const rule of rules) expect(problem).toContain(rule.name);
  });

  it('refuses a threshold that everything is above', () => {
    expect(checkRuleOverrides({ pids_near_limit: { threshold: 0 } })).toEqual([
      'alerting.rules.pids_near_limit.threshold: expected a number above 0, got 0',
    ]);
  });

  it('has nothing to say about no overrides', () => {
    expect(checkRuleOverrides({})).toEqual([]);
  });
});

describe('configuredRules', () => {
  it('takes threshold and duration from the overrides and leaves out what is off', () => {
    const configured = configuredRules({
      memory_near_limit: { threshold: 0.5, for: 1000 },
      unhealthy: { enabled: false },
    });
    expect(configured.map((rule) => rule.name)).not.toContain('unhealthy');
    const memory = configured.find((rule) => rule.name === 'memory_near_limit');
    expect(memory).toMatchObject({ threshold: 0.5, forMs: 1000 });
    expect(configured).toHaveLength(rules.length - 1);
  });
});

describe('rules', () => {
  it('have names of their own, thresholds above zero and limits on time and rows', () => {
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.name).toMatch(/^[a-z_]+$/);
      expect(rule.threshold).toBeGreaterThan(0);
      expect(rule.timeoutMs).toBeGreaterThan(0);
      expect(rule.maxRows).toBeGreaterThan(0);
      expect(rule.description).toMatch(/\.$/);
    }
  });
});
