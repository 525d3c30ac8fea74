import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import type { ExceptionTx } from '../app/ports.ts'
import type { ActiveRun, EpisodeRecord, ExceptionRecord, NewIntervention } from '../app/records.ts'
import { isAsked } from '../app/show-run.ts'
import { SEVERITIES } from '../domain/model.ts'
import { idList, prepared, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { standingOf } from './people.ts'
import { actionRuns, clockConflicts, exceptions, interventions } from './schema.ts'

export const idOrNull = (id: number | null): string | null => (id === null ? null : String(id))
export const numberOrNull = (id: string | null): number | null => (id === null ? null : Number(id))

const { id, system, action, label, state, outcome, requestedBy, episode, sends, startedAt } = actionRuns
const { waitsSince, undoes, sentAt, settleBy } = actionRuns
/** What an exception shows of its runs that have not ended. */
export const activeRun = {
  ...{ id, system, action, label, state, outcome, requestedBy, episode, sends, startedAt },
  ...{ waitsSince, undoes, sentAt, settleBy },
}
type ActiveRow = Pick<typeof actionRuns.$inferSelect, keyof typeof activeRun>
type ExceptionRow = typeof exceptions.$inferSelect

const toActiveRun = (run: ActiveRow): ActiveRun => ({
  ...run,
  id: String(run.id),
  requestedBy: String(run.requestedBy),
  undoes: idOrNull(run.undoes),
})

/** Each exception once, of rows joined with its runs that have not ended. */
export const withRuns = <T extends { exception: ExceptionRow; run: ActiveRow | null }>(
  joined: T[],
): { row: T; record: ExceptionRecord }[] => {
  const byException = new Map<number, { row: T; runs: ActiveRow[] }>()
  for (const row of joined) {
    const own = byException.get(row.exception.id) ?? { row, runs: [] }
    if (row.run) own.runs.push(row.run)
    byException.set(row.exception.id, own)
  }
  return [...byException.values()].map(({ row, runs }) => ({ row, record: toRecord(row.exception, runs) }))
}

const toRecord = (row: ExceptionRow, unfinished: ActiveRow[]): ExceptionRecord => {
  const runs = unfinished.sort((a, b) => a.id - b.id).map(toActiveRun)
  const severity = SEVERITIES.find((s) => s === row.severity)
  if (!severity) throw new Error(`Exception ${row.id}: unknown severity ${row.severity}`)
  return {
    ...row,
    id: String(row.id),
    severity,
    claimedBy: idOrNull(row.claimedBy),
    assignedBy: idOrNull(row.assignedBy),
    decidedBy: idOrNull(row.decidedBy),
    rootId: idOrNull(row.rootId),
    run: runs.find((run) => !isAsked(run)) ?? null,
    asked: runs.filter(isAsked),
  }
}

/** The same records with the persons that stand for those who were stored: whoever compares them compares humans. */
export const asTheyStand = async (
  db: Executor,
  records: readonly ExceptionRecord[],
): Promise<{ records: ExceptionRecord[]; names: Map<string, string> }> => {
  const ids = records.flatMap(({ claimedBy, assignedBy, decidedBy, run, asked }) => [
    ...[claimedBy, assignedBy, decidedBy].flatMap((person) => person ?? []),
    ...[run, ...asked].flatMap((each) => each?.requestedBy ?? []),
  ])
  const standing = await standingOf(db, [...new Set(ids)])
  const stands = (person: string): string => standing.get(person)?.id ?? person
  const orNull = (person: string | null): string | null => (person === null ? null : stands(person))
  const runAs = (run: ActiveRun): ActiveRun => ({ ...run, requestedBy: stands(run.requestedBy) })
  return {
    records: records.map((record) => ({
      ...record,
      claimedBy: orNull(record.claimedBy),
      assignedBy: orNull(record.assignedBy),
      decidedBy: orNull(record.decidedBy),
      run: record.run && runAs(record.run),
      asked: record.asked.map(runAs),
    })),
    names: new Map([...standing.values()].map(({ id, name }) => [id, name])),
  }
}

/** The exceptions of these subjects that were not merged away, with their runs. Index action_runs_unfinished. */
export const loadExceptions = async (
  db: Executor,
  subjectIds: string[],
): Promise<{ subjectId: string; record: ExceptionRecord }[]> => {
  const found = await db
    .select({ exception: exceptions, run: activeRun })
    .from(exceptions)
    .leftJoin(actionRuns, and(eq(actionRuns.exceptionId, exceptions.id), ne(actionRuns.state, 'finished')))
    .where(and(sql`${exceptions.subjectId} = any(${idList(subjectIds)})`, isNull(exceptions.mergedInto)))
    .prepare('exceptions')
    .execute()
  const loaded = withRuns(found)
  const { records } = await asTheyStand(
    db,
    loaded.map(({ record }) => record),
  )
  return records.flatMap((record, index) => {
    const subjectId = loaded[index]?.row.exception.subjectId
    return subjectId === undefined ? [] : [{ subjectId: String(subjectId), record }]
  })
}

const COLUMNS = `n int, id int8, "subjectId" int8, contract text, state text, episode int, version int, revision int,
  since timestamptz, "dueAt" timestamptz, "openedAt" timestamptz, "closedAt" timestamptz, status text, severity text,
  evidence text, magnitude float8, "dismissalHolds" bool, "valueMinor" int8, currency text, "promiseAt" timestamptz,
  channel text, "routeReason" text, "claimedBy" int8, "claimedAt" timestamptz, "decidedBy" int8,
  "assignedBy" int8, "freeSince" timestamptz, "snoozedUntil" timestamptz, "snoozedMagnitude" float8,
  "escalatedAt" timestamptz, "escalatedTo" text, "decidedAt" timestamptz, "decidedWhat" text, "decidedOnVersion" int,
  "rootId" int8, "graceWords" text`

export const exceptionTx = (db: Executor): ExceptionTx => ({
  async subjectOf(exceptionId) {
    if (!/^\d{1,15}$/.test(exceptionId)) return null
    const [found] = await db
      .select({ subjectId: exceptions.subjectId })
      .from(exceptions)
      .where(eq(exceptions.id, Number(exceptionId)))
    return found ? String(found.subjectId) : null
  },

  async openExceptions(contracts, after, limit) {
    if (contracts.length === 0) return []
    const named = contracts.map((contract) => sql`${contract}`)
    // Index exceptions_open_contract.
    const found = await db.execute<{ id: string; subject_id: string }>(sql`
      select e.id::text, e.subject_id::text from exceptions e
      where e.timeline = 'live' and e.state = 'open' and e.contract in (${sql.join(named, sql`, `)})
        and e.id > ${after}::int8
      order by e.id limit ${limit}`)
    return found.map((row) => ({ id: row.id, subjectId: row.subject_id }))
  },

  async saveExpectations(timeline, set, remove) {
    if (remove.length > 0) {
      await db.execute(sql`
        delete from expectations e using ${rows(remove, '"subjectId" int8, contract text')}
        where e.subject_id = r."subjectId" and e.contract = r.contract`)
    }
    if (set.length > 0) {
      await prepared(
        db,
        sql`
        insert into expectations (subject_id, contract, timeline, since, due_at, next_check_at, waiting_for)
        select r."subjectId", r.contract, ${timeline}, r.since, r."dueAt", r."nextCheckAt", r."waitingFor"
        from ${rows(
          set,
          `"subjectId" int8, contract text, since timestamptz, "dueAt" timestamptz, "nextCheckAt" timestamptz,
           "waitingFor" text`,
        )}
        on conflict (subject_id, contract) do update set since = excluded.since, due_at = excluded.due_at,
          next_check_at = excluded.next_check_at, waiting_for = excluded.waiting_for`,
      )
    }
  },

  async saveExceptions(timeline, changed) {
    const list = changed.map(({ subjectId, record }, n) => ({ ...record, n, subjectId }))
    const fresh = list.filter(({ id }) => id === null)
    if (fresh.length > 0) {
      const inserted = await db.execute<{ id: string; subject_id: string; contract: string }>(sql`
        insert into exceptions (timeline, subject_id, contract, state, episode, version, revision, since, due_at, opened_at,
          closed_at, status, severity, evidence, magnitude, dismissal_holds, value_minor, currency, promise_at, channel,
          route_reason, root_id, grace_words)
        select ${timeline}, r."subjectId", r.contract, r.state, r.episode, r.version, r.revision, r.since, r."dueAt",
          r."openedAt", r."closedAt", r.status, r.severity, r.evidence, r.magnitude, r."dismissalHolds", r."valueMinor",
          r.currency, r."promiseAt", r.channel, r."routeReason", r."rootId", r."graceWords"
        from ${rows(fresh, COLUMNS)} order by r.n returning id::text, subject_id::text, contract`)
      const ids = new Map(inserted.map((row) => [`${row.subject_id} ${row.contract}`, row.id]))
      for (const { subjectId, record } of changed) {
        if (record.id === null) record.id = ids.get(`${subjectId} ${record.contract}`) ?? null
      }
    }
    const old = list.filter(({ id }) => id !== null)
    if (old.length > 0) {
      await db.execute(sql`
        update exceptions e set state = r.state, episode = r.episode, version = r.version, revision = r.revision,
          since = r.since, due_at = r."dueAt", opened_at = r."openedAt", closed_at = r."closedAt", status = r.status,
          severity = r.severity, evidence = r.evidence, magnitude = r.magnitude, dismissal_holds = r."dismissalHolds",
          value_minor = r."valueMinor", currency = r.currency, promise_at = r."promiseAt", channel = r.channel,
          route_reason = r."routeReason", claimed_by = r."claimedBy", claimed_at = r."claimedAt",
          assigned_by = r."assignedBy", free_since = r."freeSince", snoozed_until = r."snoozedUntil",
          snoozed_magnitude = r."snoozedMagnitude", escalated_at = r."escalatedAt", escalated_to = r."escalatedTo",
          decided_by = r."decidedBy", decided_at = r."decidedAt", decided_what = r."decidedWhat",
          decided_on_version = r."decidedOnVersion", root_id = r."rootId", grace_words = r."graceWords"
        from ${rows(old, COLUMNS)} where e.id = r.id`)
    }
  },

  async saveEpisodes(list: EpisodeRecord[]) {
    // Several changes of one episode in one batch (opened and closed again): the last one stands.
    const last = new Map(list.map((e) => [`${e.exceptionId} ${e.episode}`, e]))
    const flat = [...last.values()]
    await db.execute(sql`
      insert into episodes (exception_id, episode, since, due_at, opened_at, closed_at, closed_as, closed_by, run_id)
      select r."exceptionId", r.episode, r.since, r."dueAt", r."openedAt", r."closedAt", r."closedAs", r."closedBy", r."runId"
      from ${rows(
        flat,
        `"exceptionId" int8, episode int, since timestamptz, "dueAt" timestamptz, "openedAt" timestamptz,
         "closedAt" timestamptz, "closedAs" text, "closedBy" text, "runId" int8`,
      )}
      on conflict (exception_id, episode) do update set closed_at = excluded.closed_at, closed_as = excluded.closed_as,
        closed_by = excluded.closed_by, run_id = excluded.run_id`)
  },

  async saveConflicts(timeline, conflicts) {
    const unique = new Map(conflicts.map((c) => [`${c.subjectId} ${c.contract}`, c]))
    await db
      .insert(clockConflicts)
      .values(
        [...unique.values()].map(({ subjectId, contract, earlier, later }) => ({
          subjectId: Number(subjectId),
          contract,
          timeline,
          earlierAt: earlier,
          laterAt: later,
        })),
      )
      .onConflictDoNothing()
  },

  async logInterventions(list: NewIntervention[]) {
    const inserted = await db
      .insert(interventions)
      .values(
        list.map(({ person, exceptionId, exceptionIds, subjectId, ...rest }) => ({
          ...rest,
          exceptionIds: exceptionIds ?? null,
          personId: person ? Number(person.id) : null,
          personRole: person?.role ?? null,
          exceptionId: numberOrNull(exceptionId),
          subjectId: numberOrNull(subjectId),
        })),
      )
      .returning({ id: interventions.id })
    return inserted.map(({ id }) => String(id))
  },

  async logCommand({ at, person, command, surface, interactionKey }) {
    await db
      .insert(interventions)
      .values({
        at,
        timeline: 'live',
        personId: Number(person.id),
        personRole: person.role,
        kind: 'command',
        action: command,
        surface,
        interactionKey,
      })
      .onConflictDoNothing()
  },

  async answeredBefore(surface, interactionKey) {
    const [found] = await db
      .select({ result: interventions.result, message: interventions.message })
      .from(interventions)
      .where(and(eq(interventions.surface, surface), eq(interventions.interactionKey, interactionKey)))
    return found?.result ? { result: found.result, message: found.message ?? '' } : null
  },
})
