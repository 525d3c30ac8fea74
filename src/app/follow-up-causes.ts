import type { Mention } from './card.ts'
import type { Draft } from './draft.ts'
import { LONG_MS, type Said, say } from './follow-up.ts'
import type { Tx } from './ports.ts'
import type { ExceptionRecord, RunRecord } from './records.ts'
import { type ConfiguredPerson, listedAs } from './same-person.ts'
import { elapsed } from './words.ts'
import type { Setup } from './world.ts'

/*
 * What makes a follow-up: these, the end of a batch (follow-up-batch.ts), and nothing else. Whoever is given something,
 * or has something raised to them, is told already: by a private message, or by a post of its own.
 */

/** More people are not called at once to approve one thing. */
const MOST_LEADS = 5

type Words = Pick<Said, 'title' | 'words' | 'tone'>

/** `open`: what it was asked for still stands; `late`: its time was over before anything showed that it worked. */
type Ended = { open: boolean; late: boolean }

/** How the end of a run is called; null for one that nobody has to hear of. */
const endOf = (run: RunRecord, { open, late }: Ended): { is: string; isGood: boolean } | null => {
  const { outcome, system, verifiedAt, undoes } = run
  const bad = (is: string) => (open ? { is, isGood: false } : null)
  switch (outcome) {
    case 'failed':
      return bad('failed')
    case 'refused':
      return bad(`refused by ${system}`)
    case 'unknown':
      return bad('nobody knows whether it worked')
    case 'declined':
      return bad('declined')
    case 'done':
    case 'already_done':
    case 'requested':
    case 'accepted':
      if (verifiedAt !== null) return { is: 'done and verified', isGood: true }
      if (late) return bad(outcome === 'requested' ? 'no answer' : 'not verified')
      return undoes === null ? null : { is: 'done', isGood: true }
    case 'taken_back':
    case null:
      return null
  }
}

const runWords = (run: RunRecord, how: Ended, now: Date): (Words & { isGood: boolean }) | null => {
  const end = endOf(run, how)
  if (!end) return null
  const title = `#${run.exceptionId} ${run.label}: ${end.is}`
  if (end.isGood) {
    const words = `It took ${elapsed(run.startedAt, now)}. Nothing is left to do for it.`
    return { title, words, tone: 'good', isGood: true }
  }
  const rest = run.undoes === null ? ` #${run.exceptionId} is still open: somebody has to look at it.` : ''
  return { title, words: `${run.words}${rest}`, tone: 'warning', isGood: false }
}

/**
 * The end of a run, for whoever pressed: when it did not come out as hoped, or when it did and took long. A batch speaks
 * for its runs.
 */
export const sayRunEnded = async (
  tx: Tx,
  { postingSurfaces }: Pick<Setup, 'postingSurfaces'>,
  run: RunRecord,
  how: Ended,
  now: Date,
): Promise<void> => {
  const told = run.batchId === null ? runWords(run, how, now) : null
  if (!told) return
  const { isGood, ...words } = told
  if (isGood && now.getTime() - run.startedAt.getTime() < LONG_MS) return
  const to = await tx.mentionsOf([run.requestedBy])
  const { id, exceptionId: card, pressedOn: under } = run
  await say(tx, postingSurfaces, { ...words, cause: `run:${id}`, card, under, to, at: now })
}

/** A run that was denied by somebody else than who asked for it. */
export const sayDenied = async (
  tx: Tx,
  setup: Pick<Setup, 'postingSurfaces'>,
  run: RunRecord,
  by: string,
  now: Date,
): Promise<void> => {
  const standing = await tx.standing([run.requestedBy, by])
  if (standing.get(run.requestedBy)?.id === standing.get(by)?.id) return
  const words = `${run.words} Nothing was done.`
  await sayRunEnded(tx, setup, { ...run, words }, { open: true, late: false }, now)
}

/** Leads of a channel, or admins where there are none: each as they are known. Not who asks. */
const approversOf = async (
  tx: Tx,
  { people = [] }: Setup,
  channel: string | null,
  asker: string,
): Promise<Mention[][]> => {
  const looksAt = ({ channels }: ConfiguredPerson): boolean =>
    channels === undefined || channel === null || channels.includes(channel)
  const listed = { configured: [...people], defaultRole: null }
  const those = async (role: ConfiguredPerson['role']): Promise<Mention[][]> => {
    const found: Mention[][] = []
    for (const entry of people.filter((each) => each.role === role && looksAt(each)).slice(0, MOST_LEADS)) {
      const emails = entry.email === undefined ? [] : [entry.email]
      const seen = (await tx.knownPeople({ identities: entry.identities, emails })).filter(
        (each) => listedAs(listed, each) === entry,
      )
      if (seen.some(({ person }) => person === asker)) continue
      const known = new Map(
        [...entry.identities, ...seen].map(({ surface, externalId }) => [
          JSON.stringify([surface, externalId]),
          { surface, id: externalId, kind: 'person' as const, name: entry.name },
        ]),
      )
      if (known.size > 0) found.push([...known.values()])
    }
    return found
  }
  const leads = await those('lead')
  return leads.length > 0 ? leads : those('admin')
}

/** Somebody asks for what needs a second person: those who may agree to it are called. */
export const sayApprovalAsked = async (
  tx: Tx,
  setup: Setup,
  { id, channel }: Pick<ExceptionRecord, 'id' | 'channel'>,
  run: Pick<RunRecord, 'id' | 'label' | 'pressedOn'>,
  by: { id: string; name: string },
  now: Date,
): Promise<void> => {
  if (id === null) return
  await say(tx, setup.postingSurfaces, {
    cause: `approval:${run.id}`,
    card: id,
    under: run.pressedOn,
    title: `#${id} waits for a lead to approve: ${run.label}`,
    words: `${by.name} asks for it. Another person, who is a lead, can approve or decline it on the card of #${id}.`,
    tone: 'warning',
    to: await approversOf(tx, setup, channel, by.id),
    at: now,
  })
}

/**
 * What the pipeline found out by itself and somebody waits for: that what they handled is broken again, and that what
 * they pressed has come out well after all. `edited`: exceptions whose posts are changed in place.
 */
export const sayNews = async (
  tx: Tx,
  setup: Pick<Setup, 'postingSurfaces'>,
  drafts: readonly Draft[],
  edited: ReadonlySet<string>,
  now: Date,
): Promise<void> => {
  for (const { record, exceptions, touched } of drafts) {
    for (const before of record.exceptions) {
      const after = exceptions.get(before.contract)
      if (after?.id && edited.has(after.id)) await sayBack(tx, setup, before, after, now)
    }
    for (const { runId, is } of touched.runs) {
      const run = is === 'credited' ? await tx.loadRun(runId) : null
      // One that is still at work says so itself.
      if (run?.state === 'finished') await sayRunEnded(tx, setup, run, { open: false, late: false }, now)
    }
  }
}

/** They think it is over. What nobody had touched comes and goes in silence. */
const sayBack = async (
  tx: Tx,
  { postingSurfaces }: Pick<Setup, 'postingSurfaces'>,
  before: ExceptionRecord,
  after: ExceptionRecord,
  now: Date,
): Promise<void> => {
  const { id, episode, evidence } = after
  const isBack = before.closedAt !== null && after.state === 'open' && episode > before.episode
  if (id === null || !isBack || before.closedAt === null) return
  const handledBy = before.state === 'dismissed' ? before.decidedBy : before.claimedBy
  if (handledBy === null) return
  await say(tx, postingSurfaces, {
    cause: `back:${id}.${episode}`,
    card: id,
    under: null,
    title: `#${id} is back`,
    words: `It was over for ${elapsed(before.closedAt, now)}. Before: ${before.status} Now: ${evidence}`,
    tone: 'warning',
    to: await tx.mentionsOf([handledBy]),
    at: now,
  })
}
