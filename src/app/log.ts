/** Structured log lines: ids and counts, never secrets, bodies or names of people. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
