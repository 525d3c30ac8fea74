/** How a piece of work ended, as a value: a handler goes on either way. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: unknown }

export const outcomeOf = <T>(work: Promise<T>): Promise<Outcome<T>> =>
  work.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  )

/** The outcome if it is there in time, else null; the work goes on. */
export async function within<T>(work: Promise<Outcome<T>>, ms: number): Promise<Outcome<T> | null> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  const first = await Promise.race([work, tooLate])
  clearTimeout(timer)
  return first
}
