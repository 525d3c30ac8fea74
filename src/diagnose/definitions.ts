/** Every figure of a diagnosis, defined for somebody who must defend it. Shown with the figures, never apart. */
export const DEFINITIONS: { term: string; meaning: string }[] = [
  {
    term: 'Handoff',
    meaning:
      'What one system owes another about one thing, with a deadline, as the mapping’s contracts say. Each is checked on every subject (an order, a parcel, a receipt), playing the export in the order of its own times.',
  },
  {
    term: 'Volume',
    meaning: 'Subjects on which the handoff became owed at any time, whatever became of it.',
  },
  {
    term: 'Late',
    meaning:
      'Completed after the deadline. Of: all completed ones whose time and deadline are known. Completed at the very deadline is in time.',
  },
  {
    term: 'Never',
    meaning: 'Past its deadline and still not completed when the export ends.',
  },
  {
    term: 'Missed, the breach rate',
    meaning:
      'Late or never, of all that are decided: in time, late or never. Left out, and shown beside: called off before completion, not yet due at the end, no deadline known, completed without a date.',
  },
  {
    term: 'Interval',
    meaning:
      'The range that fits the counts, at 95% (Wilson). It covers chance alone, not errors in the export. The interval of a difference is Newcombe’s.',
  },
  {
    term: 'Lag',
    meaning:
      'From the moment it became owed until it was completed, in hours. p90: nine in ten took at most so long; p99: ninety-nine in a hundred. Interpolated; no p90 below 10 cases, no p99 below 100. Where two clocks contradict each other the lag is negative and stays in.',
  },
  {
    term: 'Clock conflict',
    meaning:
      'Completed before it was owed, by the clocks of two systems. Counted as in time, and shown, because the times around it cannot both be right.',
  },
  {
    term: 'Downstream',
    meaning:
      'How often a later handoff is late where this one was late, beside where it was in time; over subjects on which both were completed and judged. It shows what goes together. It does not prove that the one causes the other.',
  },
  {
    term: 'More than usual',
    meaning:
      'The late ones downstream beyond what they would be at the rate of those that were in time here: the difference of the two rates, times the number that was late here. Only where the interval of the difference leaves out zero.',
  },
  {
    term: 'Where it piles up',
    meaning:
      'The worst are those with the most late ones: twenty, or the worst fifth where there are fewer than a hundred. Share of the late: late handoffs with at least one of the worst among their owners. A subject with several owners (an order of three sellers) counts as each one’s. Share of the volume: the same over all completed ones.',
  },
  {
    term: 'By luck',
    meaning:
      'Whoever is called the worst afterwards always looks bad. So the late ones are dealt out at random over the same handoffs, 200 times, and the worst picked each time: the mean of what they hold, and the share that 95% of the deals stay below. Only above that it is called a pile; of twenty dimensions without one, about one will look like it.',
  },
  {
    term: 'Week',
    meaning:
      'By the day on which the handoff became owed; weeks begin on Monday. Recent weeks are compared with as many before them, leaving out weeks of which something is not due yet.',
  },
  {
    term: 'Harm, the order of what to fix',
    meaning:
      'The handoff’s own missed ones, less those that go with an earlier missed handoff, plus the late ones downstream, more than usual, that go with it. Handoffs without a deadline come last, by the subjects that got lost there and that no contract accounts for.',
  },
  {
    term: 'Step seen',
    meaning:
      'One system’s state that usually follows another’s, found in the data alone: most subjects with the one come to the other, later, and no third usually lies between.',
  },
]
