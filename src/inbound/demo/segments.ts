/** A segment as `defineSegment` takes it. */
export interface DemoSegment {
  readonly key: string
  readonly name: string
  readonly description: string
  readonly rule: unknown
}

/** Segments of the demo shop: over what people did, what they pay for, where they live, and combinations of these. */
export const demoSegments: readonly DemoSegment[] = [
  {
    key: 'at-risk',
    name: 'At risk',
    description: 'Came more than three times, and not for a week.',
    rule: {
      all: [
        { field: 'sessionCount', is: '>', value: 3 },
        { field: 'lastSeenAt', is: 'olderThan', days: 7 },
      ],
    },
  },
  {
    key: 'regulars',
    name: 'Regulars',
    description: 'Five sessions or more.',
    // Five is the edge of a band in which partners see session counts, so they may know of this segment.
    rule: { field: 'sessionCount', is: '>=', value: 5 },
  },
  {
    key: 'cart-abandoners',
    name: 'Cart abandoners',
    description: 'Put something into the cart within a month and ordered nothing since.',
    rule: {
      all: [
        { event: 'Product Added', is: 'atLeast', count: 1, withinDays: 30 },
        { event: 'Order Completed', is: 'atMost', count: 0, withinDays: 30 },
      ],
    },
  },
  {
    key: 'paying',
    name: 'Paying plans',
    description: 'On any plan that costs money.',
    rule: { field: 'plan', is: 'in', value: ['pro', 'team', 'enterprise'] },
  },
  {
    key: 'upgrade-candidates',
    name: 'Upgrade candidates',
    description: 'On the free plan and active like those who pay.',
    rule: {
      all: [
        { field: 'plan', is: '=', value: 'free' },
        { field: 'sessionCount', is: '>=', value: 5 },
        { field: 'lastSeenAt', is: 'newerThan', days: 30 },
      ],
    },
  },
  {
    key: 'big-spenders',
    name: 'Big spenders',
    description: 'Orders of 500 or more in all.',
    rule: { field: 'totalValue', is: '>=', value: 500 },
  },
  {
    key: 'young-europe',
    name: 'Young Europe',
    description: 'Under 35 and at home in Germany, France or Great Britain.',
    rule: {
      all: [
        { field: 'country', is: 'in', value: ['DE', 'FR', 'GB'] },
        { field: 'ageBand', is: 'in', value: ['18-24', '25-34'] },
      ],
    },
  },
  {
    key: 'onboarding-stalled',
    name: 'Onboarding stalled',
    description: 'Keeps coming back and never finished the onboarding.',
    rule: {
      all: [
        { not: { field: 'onboardingStep', is: '=', value: 'done' } },
        { event: 'Session Started', is: 'atLeast', count: 2, withinDays: 60 },
      ],
    },
  },
]
