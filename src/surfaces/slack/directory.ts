import type { webApi } from '@slack/bolt'
import { wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import type { Identity } from '../../app/surface.ts'
import { FRESH_MS, Known } from '../kit/known.ts'
import { deliveryFailure, refusalOf } from './errors.ts'
import { userOf } from './payload.ts'

type Profile = { name: string | null; email: string | null; isOwn: boolean; isGuest: boolean }
/** Ids of the groups by user id. */
type Groups = Map<string, string[]>

export type Directory = {
  /** The identity with what Slack says about the person. Never fails: what is not known is left out. */
  whoIs(identity: Identity, web: webApi.WebClient, home: Home): Promise<Identity>
  /** The groups of a workspace have changed. */
  groupsChanged(team: string): void
}

/** What Baton is installed in: people of elsewhere (shared channels) are strangers. */
export type Home = { team: string | null; enterprise: string | null }

/** What Slack knows about people and user groups, asked at its API with Baton's own token and kept for ten minutes. */
export function createDirectory(log: Log, now: () => number): Directory {
  const failed = (error: unknown): number => {
    const refusal = refusalOf(error)
    const problem = refusal?.error ?? wordsOf(error)
    log.warn({ surface: 'slack', problem }, 'Slack did not say who somebody is')
    const failure = deliveryFailure(error)
    // A right that is missing is not asked for again and again; Slack being away is soon over.
    if (failure.is === 'later') return failure.retryAfterMs
    return refusal ? FRESH_MS : 5_000
  }
  const people = new Known<Profile>(now, failed)
  const groups = new Known<Groups>(now, failed)
  return {
    async whoIs(identity, web, home) {
      const { externalId } = identity
      const user = userOf(externalId)
      const team = externalId.slice(0, externalId.indexOf(':'))
      const profile = await people.get(externalId, () => readProfile(web, user, home))
      const displayName = profile?.name ?? identity.displayName
      // Another company's workspace vouches for nobody here.
      if (profile && !profile.isOwn) {
        return { ...identity, displayName, email: null, groups: [], isOutsider: true }
      }
      const ofTeam = await groups.get(team, () =>
        readGroups(web, home.enterprise === null ? undefined : team),
      )
      return {
        ...identity,
        displayName,
        ...(profile ? { email: profile.email, isOutsider: profile.isGuest } : {}),
        // Without knowing that the person belongs here nothing is said about groups.
        ...(profile && ofTeam ? { groups: ofTeam.get(user) ?? [] } : {}),
      }
    },
    groupsChanged: (team) => groups.doubt(team),
  }
}

/**
 * The e-mail counts only where Slack has seen it confirmed, of members of this workspace or organisation: a guest's is
 * of another company, and a stranger's is what another workspace says.
 */
async function readProfile(web: webApi.WebClient, user: string, home: Home): Promise<Profile> {
  const { user: found } = await web.users.info({ user })
  const team = found?.team_id ?? null
  const enterprise = found?.enterprise_user?.enterprise_id ?? null
  const inside = team === home.team || (home.enterprise !== null && enterprise === home.enterprise)
  const isOwn = inside && found?.is_stranger !== true && found?.deleted !== true
  const isGuest = found?.is_restricted === true || found?.is_ultra_restricted === true
  const isMember = isOwn && !isGuest && !found?.is_bot
  const vouched = isMember && found?.is_email_confirmed === true
  const name = found?.profile?.display_name || found?.real_name || found?.name || null
  return { name, email: (vouched && found?.profile?.email) || null, isOwn, isGuest }
}

async function readGroups(web: webApi.WebClient, team: string | undefined): Promise<Groups> {
  const { usergroups = [] } = await web.usergroups.list({
    include_users: true,
    ...(team === undefined ? {} : { team_id: team }),
  })
  const byUser: Groups = new Map()
  for (const { id, users = [] } of usergroups) {
    if (id === undefined) continue
    for (const user of users) byUser.set(user, [...(byUser.get(user) ?? []), id])
  }
  return byUser
}
