/**
 * What the measure takes for granted, each with its source. A caller may pass others to see how far a figure
 * depends on them; every report says which were used.
 */
export type Assumptions = {
  /** Touches of one person closer than this belong to one session, in minutes. */
  joinMinutes: number
  /** Time granted after a touch that nothing follows, in minutes. */
  tailMinutes: number
  /** A form open for longer was left open, not worked on: its touch is estimated like any other, in minutes. */
  formLimitMinutes: number
  /** Time granted before a fix that a person made in the system itself, in minutes. */
  offChatMinutes: number
  /** Cost of one switch of attention, in seconds: always shown as a band. */
  switchSeconds: { low: number; typical: number; high: number }
  /** Below these, nothing is said about the ranking of handoffs. */
  minimum: { persons: number; sessions: number }
}

export const ASSUMPTIONS: Assumptions = {
  /** measurement.md, H. (incident.io joins up to 20 min: ours is the more careful.) */
  joinMinutes: 5,
  /** measurement.md, H. */
  tailMinutes: 2,
  /** Our own: no study. Without a limit a form forgotten over lunch would count as measured work. */
  formLimitMinutes: 60,
  /** incident.io's assumed time for one action; replaced by timed cases as soon as people log their minutes. */
  offChatMinutes: 10,
  /**
   * Low: resumption lag (Altmann & Trafton). Typical: recovery from an e-mail interruption (Jackson et al.). High: the
   * middle of the 10 to 16 min until work is resumed (Iqbal & Horvitz).
   */
  switchSeconds: { low: 4, typical: 64, high: 13 * 60 },
  /** Persons: measurement.md, Interval. Sessions: our own, the customary least sample. */
  minimum: { persons: 5, sessions: 30 },
}
