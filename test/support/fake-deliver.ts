import type { Deliver } from '../../src/app/surface.ts'

const unused = async (): Promise<never> => {
  throw new Error('the test did not expect this call')
}

/** A chat whose limits nobody reaches; every call that is not given fails the test. */
export const fakeDeliver = (calls: Partial<Deliver>): Deliver => ({
  post: unused,
  update: unused,
  reply: unused,
  remove: unused,
  notify: unused,
  budgets: () => [],
  ...calls,
})
