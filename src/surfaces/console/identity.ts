import type { Request } from 'express'
import type { Identity } from '../../app/surface.ts'
import { BadRequest } from './bad-request.ts'
import type { WirePerson } from './wire.ts'

/** The console knows one person, unless the sandbox offers some to play. */
const LOCAL: Identity = { surface: 'console', externalId: 'local', displayName: 'Console' }

/** Who presses: `x-baton-person` is honoured only where people are offered, and only if it names one of them. */
export const identityOf = (request: Request, people: WirePerson[]): Identity => {
  const wanted = request.get('x-baton-person')
  if (people.length === 0 || wanted === undefined) return LOCAL
  const person = people.find(({ externalId }) => externalId === wanted)
  if (person === undefined) {
    throw new BadRequest('x-baton-person (header): nobody here has this id; reload the page and choose again')
  }
  return { surface: 'console', externalId: person.externalId, displayName: person.displayName }
}
