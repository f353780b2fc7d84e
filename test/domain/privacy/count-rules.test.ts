import {
  amountOf,
  compileCountRules,
  countRuleFor,
  epsilonSpent,
} from '../../../src/domain/privacy/count-rules.ts'

const roles = new Map([
  ['partner', 1],
  ['analyst', 1],
])
const noised = {
  role: 'partner',
  treatment: 'NOISED',
  mechanism: 'laplace',
  cost: '0.25',
  budget: '10',
  window: 'month',
  rounded_to: '10',
  fewest: '20',
  sets_per_day: '200',
}
const rounded = { ...noised, role: 'analyst', treatment: 'GENERALISED', mechanism: '', cost: '' }

test('a row says how noise is made and what it costs, exactly', () => {
  const rules = compileCountRules([noised, rounded], roles)
  expect(rules.get('partner')?.noise).toEqual({
    mechanism: 'laplace',
    spread: { numerator: 100n, denominator: 25n },
    cost: 250_000n,
    budget: 10_000_000n,
    window: 'month',
  })
  expect(rules.get('analyst')).toEqual({ noise: null, roundedTo: 10, fewest: 20, setsPerDay: 200 })
  const gaussian = compileCountRules([{ ...noised, mechanism: 'gaussian', cost: '0.02' }], roles)
  // Variance 1/(2ρ) = 25.
  expect(gaussian.get('partner')?.noise?.spread).toEqual({ numerator: 100n, denominator: 4n })
})

test('a second role takes no noise off', () => {
  const rules = compileCountRules([rounded, noised], roles)
  expect(countRuleFor(rules, ['analyst', 'partner'])?.noise).not.toBeNull()
  expect(countRuleFor(rules, ['support'])).toBeNull()
})

test.each([
  [{ role: 'nobody' }, /role/],
  [{ treatment: 'CLEAR' }, /treatment/],
  [{ mechanism: 'normal' }, /mechanism/],
  [{ cost: '0' }, /cost/],
  [{ cost: '-1' }, /cost/],
  [{ cost: '1e-3' }, /cost/],
  [{ budget: '0.2' }, /budget/],
  [{ window: 'year' }, /window/],
  [{ fewest: '0' }, /fewest/],
  [{ rounded_to: '2.5' }, /rounded_to/],
  [{ sets_per_day: '' }, /sets_per_day/],
])('a row that can not be used is refused: %o', (changes, named) => {
  expect(() => compileCountRules([{ ...noised, ...changes }], roles)).toThrow(named)
})

test('a role stands once', () => {
  expect(() => compileCountRules([noised, noised], roles)).toThrow(/twice/)
})

test('what Gaussian noise has cost is told as ε too', () => {
  const { noise } =
    compileCountRules([{ ...noised, mechanism: 'gaussian' }], roles).get('partner') ?? {}
  if (!noise) throw new Error('no noise')
  // ρ = 1: 1 + 2·√ln(10^6).
  expect(epsilonSpent(noise, 1_000_000n)).toBeCloseTo(8.433844, 6)
  expect(epsilonSpent({ ...noise, mechanism: 'laplace' }, 750_000n)).toBe(0.75)
  expect(amountOf(250_000n)).toBe(0.25)
})
