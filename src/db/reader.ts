import { and, desc, eq, inArray, ne, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { DeskPart } from '../app/desk.ts'
import type { Reader } from '../app/ports.ts'
import type { InterventionRow } from '../app/queries.ts'
import { unreachableAmong } from '../app/reach.ts'
import type { ExceptionHistory, ExceptionSource, SourceFilter } from '../app/records.ts'
import { type Handoff, ROLES } from '../domain/model.ts'
import { PRESS_RESULTS } from '../domain/press.ts'
import { readBatch, recentBatches } from './batches.ts'
import type { Database, Executor } from './connect.ts'
import { contextOf, foldedOf } from './context.ts'
import { readDesk, readOwed } from './desk.ts'
import { activeRun, asTheyStand, withRuns } from './exceptions.ts'
import { feedTx } from './feeds.ts'
import { readFollowUp } from './follow-ups.ts'
import { readGroup } from './groups.ts'
import { countSlower, readLearned } from './lags.ts'
import { standingOf, storedAs } from './people.ts'
import { pastRunsOf, runRecordOf } from './runs.ts'
import { actionRuns, exceptions, identities, imports, interventions, persons, subjects } from './schema.ts'
import { loadSubjects } from './subjects.ts'
import { readEpisodes, readHandover } from './tend.ts'

const handoff = z.object({ from: z.enum(ROLES), to: z.enum(ROLES), object: z.string() })
const like = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/** The time by which a list is ordered: open ones by opening, closed ones by closing. */
const orderTime = (state: SourceFilter['state']): SQL =>
  state === 'closed' ? sql`coalesce(e.closed_at, e.opened_at)` : sql`e.opened_at`

/** Open ones are listed worst first. */
const orderRank = (state: SourceFilter['state']): SQL =>
  state === 'open' ? sql`(case e.severity when 'high' then 2 when 'medium' then 1 else 0 end)` : sql`(0 + 0)`

const conditions = (filter: SourceFilter): SQL[] => {
  const { state, timeline, channel, claimedBy, handledBy, subjectIds, words, contract } = filter
  const list: SQL[] = [sql`e.state <> 'merged'`]
  if (state === 'open') list.push(sql`e.state = 'open'`)
  if (state === 'closed') list.push(sql`e.state <> 'open'`)
  if (timeline !== 'any') list.push(sql`e.timeline = ${timeline}`)
  if (channel !== null) list.push(sql`e.channel = ${channel}`)
  if (contract !== null) list.push(sql`e.contract = ${contract}`)
  if (filter.snoozed === 'hide') list.push(sql`e.snoozed_until is null`)
  if (filter.snoozed === 'only') list.push(sql`e.snoozed_until is not null`)
  if (claimedBy !== null) list.push(sql`e.claimed_by in ${storedAs(claimedBy)}`)
  if (handledBy !== null) {
    const stored = storedAs(handledBy)
    list.push(sql`(e.claimed_by in ${stored} or exists (
      select 1 from interventions i where i.exception_id = e.id and i.person_id in ${stored} and i.result in ('acted', 'awaiting_approval')))`)
  }
  // What is open is listed by its root, unless something narrower is asked for: then what was meant is found.
  const isNarrow =
    words.length > 0 || claimedBy !== null || handledBy !== null || subjectIds !== null || contract !== null
  if (state === 'open' && !isNarrow) list.push(sql`e.root_id is null`)
  if (subjectIds !== null) {
    list.push(
      subjectIds.length === 0
        ? sql`false`
        : sql`e.subject_id in (${sql.join(
            subjectIds.map((id) => sql`${id}::int8`),
            sql`, `,
          )})`,
    )
  }
  for (const { text, contracts } of words) {
    const named =
      contracts.length === 0
        ? sql`false`
        : sql`e.contract in (${sql.join(
            contracts.map((c) => sql`${c}`),
            sql`, `,
          )})`
    list.push(sql`(${named} or e.severity = lower(${text})
      or exists (select 1 from subject_objects so where so.subject_id = e.subject_id and lower(so.system) = lower(${text}))
      or exists (select 1 from subject_keys k where k.subject_id = e.subject_id and k.value ilike ${like(text)})
      or exists (select 1 from subject_links l where l.subject_id = e.subject_id and l.value ilike ${like(text)}))`)
  }
  return list
}

const load = async (db: Executor, ids: number[]): Promise<ExceptionSource[]> => {
  if (ids.length === 0) return []
  const found = await db
    .select({ exception: exceptions, run: activeRun, subject: subjects })
    .from(exceptions)
    .innerJoin(subjects, eq(subjects.id, exceptions.subjectId))
    .leftJoin(actionRuns, and(eq(actionRuns.exceptionId, exceptions.id), ne(actionRuns.state, 'finished')))
    .where(inArray(exceptions.id, ids))
  const wanted = new Map(
    found.map(({ subject }) => [String(subject.id), { ...subject, id: String(subject.id) }]),
  )
  const records = new Map((await loadSubjects(db, [...wanted.values()])).map((record) => [record.id, record]))
  const loaded = withRuns(found)
  const [{ records: standing, names }, folded, past, feeds] = await Promise.all([
    asTheyStand(
      db,
      loaded.map(({ record }) => record),
    ),
    foldedOf(db, ids),
    pastRunsOf(db, ids),
    feedTx(db).feeds(),
  ])
  const unreachable = unreachableAmong(feeds)
  const sources = new Map(
    loaded.flatMap(({ row: { exception } }, index) => {
      const subject = records.get(String(exception.subjectId))
      const record = standing[index]
      if (!subject || !record) return []
      const { root = null, consequences = 0 } = folded.get(exception.id) ?? {}
      const around = { past: past.get(String(exception.id)) ?? [], unreachable }
      return [[exception.id, { exception: record, subject, names, root, consequences, ...around }] as const]
    }),
  )
  return ids.flatMap((each) => sources.get(each) ?? [])
}

const interventionsOf = async (db: Executor, exceptionId: string): Promise<InterventionRow[]> => {
  const found = await db
    .select()
    .from(interventions)
    .where(eq(interventions.exceptionId, Number(exceptionId)))
    .orderBy(interventions.id)
  const standing = await standingOf(db, [
    ...new Set(found.flatMap(({ personId }) => (personId === null ? [] : [String(personId)]))),
  ])
  return found.map((row) => ({
    id: String(row.id),
    at: row.at,
    person: standing.get(String(row.personId))?.name ?? 'somebody in the system itself',
    kind: row.kind,
    action: row.action,
    result: row.result,
    note: row.note,
    minutes: row.reportedMinutes,
    surface: row.surface,
  }))
}

/** Newest first. */
const runsOf = async (db: Executor, exceptionId: string): Promise<ExceptionHistory['runs']> => {
  const found = await db
    .select()
    .from(actionRuns)
    .where(eq(actionRuns.exceptionId, Number(exceptionId)))
    .orderBy(desc(actionRuns.id))
  const runs = found.map(runRecordOf)
  const ids = runs.flatMap(({ requestedBy, approvedBy }) => [
    requestedBy,
    ...(approvedBy === null ? [] : [approvedBy]),
  ])
  const standing = await standingOf(db, [...new Set(ids)])
  const nameOf = (person: string): string => standing.get(person)?.name ?? 'someone'
  return runs.map((run) => ({
    ...run,
    requestedByName: nameOf(run.requestedBy),
    approvedByName: run.approvedBy === null ? null : nameOf(run.approvedBy),
  }))
}

/** How one person is known on each surface. */
const identitiesOf = (db: Executor, personId: string): Promise<ExceptionHistory['assigned']> =>
  db
    .select({ surface: identities.surface, externalId: identities.externalId, name: persons.name })
    .from(identities)
    .innerJoin(persons, eq(persons.id, identities.personId))
    .where(sql`${identities.personId} in ${storedAs(personId)}`)

/** The exceptions of a press for a group; of a question, none. */
const groupOf = (ids: unknown): string[] => (ids === null ? [] : z.array(z.string()).parse(ids))

export const createReader = (db: Database): Reader => {
  /** One snapshot for all statements of one answer. */
  const consistently = <T>(work: (tx: Executor) => Promise<T>): Promise<T> =>
    db.transaction(work, { isolationLevel: 'repeatable read', accessMode: 'read only' })

  return {
    exceptions: (filter) =>
      consistently(async (tx) => {
        const where = sql.join(conditions(filter), sql` and `)
        const at = orderTime(filter.state)
        const rank = orderRank(filter.state)
        const { after, limit } = filter
        const page = after
          ? sql` and (${rank}, ${at}, e.id) < (${after.rank}::int, ${after.at.toISOString()}::timestamptz, ${after.id}::int8)`
          : sql``
        const found = await tx.execute<{ id: string }>(sql`
          select e.id::text from exceptions e where ${where}${page}
          order by ${rank} desc, ${at} desc, e.id desc limit ${limit}`)
        const [counted] = await tx.execute<{ total: string }>(
          sql`select count(*) as total from exceptions e where ${where}`,
        )
        return {
          sources: await load(
            tx,
            found.map(({ id }) => Number(id)),
          ),
          total: Number(counted?.total ?? 0),
        }
      }),

    exception: (id, now, needsGoods) =>
      consistently(async (tx) => {
        const [source] = await load(tx, [Number(id)])
        if (!source) return null
        const { claimedBy, assignedBy } = source.exception
        const [context, interventions, runs, assigned] = await Promise.all([
          contextOf(tx, source, now, needsGoods(source.exception.contract)),
          interventionsOf(tx, id),
          runsOf(tx, id),
          claimedBy !== null && assignedBy !== null ? identitiesOf(tx, claimedBy) : [],
        ])
        return { ...source, asOf: now, context, assigned, interventions, runs }
      }),

    subjectsByValue: (text, limit) =>
      consistently(async (tx) => {
        // Indexes subject_keys_value and subject_links_value serve the exact match, which comes first.
        const found = await tx.execute<{ id: string; timeline: string; kind: string }>(sql`
          select s.id::text, s.timeline, s.kind from subjects s join (
            select subject_id, value from subject_keys where value in (${text}, upper(${text}), lower(${text}))
            union select subject_id, value from subject_links where value in (${text}, upper(${text}), lower(${text}))
          ) k on k.subject_id = s.id
          where s.merged_into is null group by s.id order by s.id desc limit ${limit}`)
        return loadSubjects(tx, [...found])
      }),

    async vouched(emails) {
      // Index identities_email.
      const found = await db.execute<{ surface: string; externalId: string; email: string }>(sql`
        select surface, external_id as "externalId", email from identities
        where email in (select jsonb_array_elements_text(${JSON.stringify(emails)}::jsonb)) and not is_apart
        order by person_id`)
      return [...found]
    },

    async touches({ from, to }) {
      const found = await db
        .select({ row: interventions, merged: persons.mergedInto })
        .from(interventions)
        .leftJoin(persons, eq(persons.id, interventions.personId))
        .where(
          and(
            eq(interventions.timeline, 'live'),
            sql`${interventions.at} >= ${from.toISOString()}::timestamptz and ${interventions.at} < ${to.toISOString()}::timestamptz`,
          ),
        )
      return found.map(({ row, merged }) => {
        const personId = merged ?? row.personId
        const edge: Handoff | null = row.handoff === null ? null : handoff.parse(row.handoff)
        const approval = row.action === 'approve' || row.action === 'decline'
        return {
          id: String(row.id),
          personId: personId === null ? null : String(personId),
          at: row.at,
          kind: row.kind === 'press' && approval ? ('approval' as const) : row.kind,
          result: PRESS_RESULTS.find((result) => result === row.result) ?? null,
          gap: edge && row.contract !== null ? { contract: row.contract, handoff: edge } : null,
          exceptions: row.exceptionId === null ? groupOf(row.exceptionIds) : [String(row.exceptionId)],
          startedAt: row.startedAt,
          reportedMinutes: row.reportedMinutes,
        }
      })
    },

    async orders({ from, to }) {
      // Index objects_orders.
      const [counted] = await db.execute<{ orders: string }>(sql`
        select count(*) as orders from objects where timeline = 'live' and type = 'order' and role = 'storefront'
          and first_at >= ${from.toISOString()}::timestamptz and first_at < ${to.toISOString()}::timestamptz`)
      return Number(counted?.orders ?? 0)
    },

    async falseAlarms() {
      const found = await db.execute<{ id: string }>(sql`
        select distinct exception_id::text as id from interventions
        where action = 'dismiss' and result = 'acted' and note like 'False alarm%' and timeline = 'live'`)
      return new Set(found.map(({ id }) => id))
    },

    async openByChannel() {
      const found = await db.execute<{ channel: string; open: string }>(sql`
        select channel, count(*) as open from exceptions
        where timeline = 'live' and state = 'open' and root_id is null and channel is not null group by channel`)
      return new Map(found.map((row) => [row.channel, Number(row.open)]))
    },

    desk: (asked) =>
      consistently(async (tx) => {
        const found = await readDesk(tx, asked)
        const loaded = new Map(
          (await load(tx, [...new Set([...found.values()].flatMap(({ ids }) => ids))])).map((source) => [
            source.exception.id,
            source,
          ]),
        )
        const part = (name: DeskPart) => {
          const { ids, total } = found.get(name) ?? { ids: [], total: 0 }
          return { sources: ids.flatMap((id) => loaded.get(String(id)) ?? []), total }
        }
        return { mine: part('mine'), approvals: part('approvals'), channels: part('channels') }
      }),
    owed: (now) => consistently((tx) => readOwed(tx, now)),
    exceptionsById: (ids) => consistently((tx) => load(tx, ids.map(Number))),

    async countByContract(filter) {
      const found = await db.execute<{ contract: string; count: string }>(sql`
        select e.contract, count(*) as count from exceptions e where ${sql.join(conditions(filter), sql` and `)}
        group by e.contract order by count(*) desc, e.contract`)
      return found.map((row) => ({ contract: row.contract, count: Number(row.count) }))
    },

    batch: (id) => consistently((tx) => readBatch(tx, id)),
    handover: (id) => consistently((tx) => readHandover(tx, id)),

    followUp: (id) => readFollowUp(db, id),
    episodes: (exceptionId, limit) => readEpisodes(db, exceptionId, limit),
    group: (id, now, worst, listed) => consistently((tx) => readGroup(tx, id, now, worst, listed)),
    recentBatches: (since, limit) => recentBatches(db, since, limit),

    async waiting() {
      const found = await db.execute<{ waiting_for: string; count: string }>(sql`
        select waiting_for, count(*) as count from expectations
        where timeline = 'live' and waiting_for is not null group by waiting_for order by count desc, waiting_for`)
      return found.map((row) => ({ waitingFor: row.waiting_for, count: Number(row.count) }))
    },

    learned: (contracts, from) => consistently((tx) => readLearned(tx, contracts, from)),
    slowerLags: (of, from, than) => countSlower(db, of, from, than),

    async importedContracts(timeline) {
      const [found] = await db
        .select({ contracts: imports.contracts })
        .from(imports)
        .where(eq(imports.timeline, timeline))
      return found?.contracts ?? []
    },
  }
}
