/** Does all of these, one after another, also when one fails: then the first failure is thrown at the end, for a retry. */
export const eachOf = async <T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const failures: unknown[] = []
  for (const item of list) {
    try {
      await work(item)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
