import { type ChannelRule, reasonOf } from '../domain/route.ts'
import { groupRef, raisedGroupRef } from './card-ref.ts'
import { eachOf } from './each.ts'
import { LOOK_MS } from './group.ts'
import type { Tx } from './ports.ts'
import type { ProcessDeps } from './process.ts'

/**
 * A storm whose members nobody takes for as long as their channel rule allows is raised once, as one: its card in the
 * other channel, which goes on saying how it stands, and a word on its summary. Its members are not raised besides, as
 * long as they have no post of their own.
 */
export const raiseStorms = (deps: RaiseDeps): Promise<void> =>
  eachOf(deps.setup.routing.rules, (rule) => raiseOf(deps, rule))

type RaiseDeps = Pick<ProcessDeps, 'store' | 'setup' | 'clock'>

const raiseOf = async ({ store, setup, clock }: RaiseDeps, rule: ChannelRule): Promise<void> => {
  const { to, afterMs } = rule.escalate ?? {}
  if (to === undefined || afterMs === null || afterMs === undefined) return
  const untaken = (tx: Tx, only?: string): Promise<string[]> =>
    tx.untakenStorms(reasonOf(rule), new Date(clock().getTime() - afterMs), only)
  await eachOf(await store.transaction((tx) => untaken(tx)), (id) =>
    store.transaction(async (tx) => {
      const now = clock()
      const group = await tx.lockGroup(id)
      if (!group || group.stormAt === null || group.escalatedAt !== null) return
      // Asked again under the lock: somebody may have taken them meanwhile.
      if ((await untaken(tx, id)).length === 0) return
      const revision = group.revision + 1
      const nextLookAt = new Date(now.getTime() + LOOK_MS)
      await tx.saveGroup({ ...group, revision, escalatedAt: now, escalatedTo: to }, nextLookAt)
      const summary = { card: groupRef(id, group.showing), channel: group.channel, revision }
      await tx.wantPosts(
        setup.postingSurfaces.flatMap((surface) => [
          { ...summary, surface, show: 'where_shown' as const },
          {
            card: raisedGroupRef(id),
            surface,
            channel: to,
            revision,
            show: 'in_place' as const,
            urgency: 'severe' as const,
          },
        ]),
        now,
      )
      for (const surface of setup.postingSurfaces)
        await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
    }),
  )
}
