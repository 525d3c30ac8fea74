import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { type People, personBehind } from '../../src/app/people.ts'
import { type Connection, connect } from '../../src/db/connect.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createReader } from '../../src/db/reader.ts'
import { createStore } from '../../src/db/store.ts'
import { projectRoot } from '../../src/root.ts'
import { testDatabase } from '../support/database.ts'

const journal = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })) })

/** The migrations up to this one, as they lay there when it was the newest. */
const migrationsUpTo = async (tag: string): Promise<string> => {
  const folder = await mkdtemp(join(inject('scratch'), 'migrations-'))
  await cp(join(projectRoot, 'migrations'), folder, { recursive: true })
  const file = join(folder, 'meta', '_journal.json')
  const { entries, ...rest } = journal.parse(JSON.parse(await readFile(file, 'utf8')))
  const last = entries.findIndex((entry) => entry.tag === tag)
  expect(last).toBeGreaterThan(0)
  await writeFile(file, JSON.stringify({ ...rest, entries: entries.slice(0, last + 1) }))
  return folder
}

/** Ada has two identities on one row, which was allowed then; she is on 1, asked for something on 2, and noted on 3. */
const FILLED = `
  insert into persons (name, created_at) values ('Ada Example', '2026-09-01Z'), ('Lou Example', '2026-09-02Z'),
    ('Bo Example', '2026-09-03Z');
  insert into identities (surface, external_id, person_id) values
    ('slack', 'T1:UADA', 1), ('console', 'ada', 1), ('slack', 'T1:ULOU', 2), ('slack', 'T1:UBO', 3);
  insert into subjects (timeline, kind, created_at) values
    ('live', 'receipt', '2026-09-20Z'), ('live', 'receipt', '2026-09-20Z'), ('live', 'receipt', '2026-09-20Z'),
    ('import:june', 'receipt', '2026-09-20Z');
  insert into subject_keys (timeline, name, value, subject_id) values ('live', 'receipt', 'R1', 1);
  insert into exceptions (timeline, subject_id, contract, state, episode, version, revision, since, due_at, opened_at,
      closed_at, status, severity, evidence, magnitude, channel, route_reason, claimed_by, claimed_at, decided_by,
      decided_at, decided_what, decided_on_version)
    select timeline, id, 'receipt-booked', 'open', 1, 2, 5, '2026-09-20Z', '2026-09-20Z', '2026-09-20T06:00Z', null,
      'Open.', 'high', 'R' || id || ' is not booked.', 3, 'dock', 'rule "dock"', null, null, null, null, null, null
    from subjects;
  update exceptions set claimed_by = 1, claimed_at = '2026-09-20T07:00Z', decided_by = 1,
    decided_at = '2026-09-20T07:00Z', decided_what = 'Ada Example took it', decided_on_version = 1 where id = 1;
  update exceptions set state = 'dismissed', closed_at = '2026-09-21Z', dismissal_holds = true where id = 3;
  insert into posts (card, surface, channel, ref, desired_revision, posted_revision, next_attempt_at) values
    ('1', 'slack', 'dock', 'C1:1.0', 5, 5, '2026-09-20Z'), ('2', 'slack', 'dock', 'C1:2.0', 5, 4, '2026-09-20Z'),
    ('3', 'slack', 'dock', null, 5, 0, '2026-09-20Z');
  insert into interventions (at, timeline, person_id, person_role, kind, action, result, exception_id, subject_id,
      contract, note, surface, message) values
    ('2026-09-20T07:00Z', 'live', 1, 'operator', 'press', 'claim', 'acted', 1, 1, 'receipt-booked', null, 'slack', ''),
    ('2026-09-20T08:00Z', 'live', 1, 'operator', 'press', 'note', 'acted', 3, 3, 'receipt-booked', 'Call the dock.',
      'console', '');
  insert into action_runs (exception_id, episode, system, action, label, values, state, idempotency_key, requested_by,
      started_at) values
    (2, 1, 'erp', 'post_goods_receipt', 'Book the receipt', '{}', 'awaiting_approval', 'k1', 1, '2026-09-20T09:00Z');
`

const PEOPLE: People = { configured: [], defaultRole: 'operator' }
const NOW = new Date('2026-09-22T06:00:00Z')

describe('a database that was filled before anybody could be told apart by an address', () => {
  const database = testDatabase({ empty: true })
  let folder: string
  let connection: Connection
  beforeAll(async () => {
    folder = await migrationsUpTo('0008_batches')
    await migrate(database.url, { folder })
    connection = connect(database.url)
    await connection.db.execute(sql.raw(FILLED))
    await migrate(database.url)
  }, 60_000)
  afterAll(async () => {
    await connection.close()
    await rm(folder, { recursive: true })
  })

  const rows = (text: string) => connection.db.execute<Record<string, unknown>>(sql.raw(text))
  const behind = (surface: string, externalId: string) =>
    createStore(connection.db).transaction((tx) =>
      personBehind(tx, PEOPLE, { surface, externalId, displayName: externalId }, NOW),
    )

  it('knows everybody as who they were, each identity with a row of its own', async () => {
    const people = await Promise.all([
      behind('slack', 'T1:UADA'),
      behind('console', 'ada'),
      behind('slack', 'T1:ULOU'),
      behind('slack', 'T1:UBO'),
    ])
    expect(people.map(({ id, name }) => `${id} ${name}`)).toEqual([
      '1 Ada Example',
      '1 Ada Example',
      '2 Lou Example',
      '3 Bo Example',
    ])
    const own = await rows('select distinct person_id from identities')
    expect(own).toHaveLength(4)
  })

  it('shows what is open as it stood: whose it is, what waits for approval, what was noted', async () => {
    const reader = createReader(connection.db)
    expect(await reader.exception('1', NOW, () => false)).toMatchObject({
      exception: {
        state: 'open',
        version: 2,
        revision: 5,
        claimedBy: '1',
        assignedBy: null,
        snoozedUntil: null,
      },
      assigned: [],
      context: { gap: { notes: [{ exception: '3', person: 'Ada Example', note: 'Call the dock.' }] } },
    })
    expect(await reader.exception('2', NOW, () => false)).toMatchObject({
      exception: {
        freeSince: null,
        escalatedAt: null,
        run: { requestedBy: '1', state: 'awaiting_approval' },
      },
    })
    expect(await reader.exception('3', NOW, () => false)).toMatchObject({
      exception: { state: 'dismissed', dismissalHolds: true },
      interventions: [{ person: 'Ada Example', note: 'Call the dock.' }],
    })
    const limits = { mine: 5, channels: 5, approvals: 5 }
    const asked = { mayApprove: true, channels: null, limits }
    const desk = await reader.desk({ personId: '1', ...asked })
    // Who asked for it does not approve it, by whichever identity.
    expect([desk.mine.total, desk.approvals.total]).toEqual([1, 0])
    expect((await reader.desk({ personId: '2', ...asked })).approvals.total).toBe(1)
  })

  it('goes on with its posts: what was shown stays where it is, what was behind is due', async () => {
    const due = []
    for (;;) {
      const post = await createStore(connection.db).transaction((tx) =>
        tx.leasePost('slack', 'w', NOW, 60_000),
      )
      if (!post) break
      due.push(post)
    }
    expect(due).toMatchObject([
      { card: '2', ref: 'C1:2.0', priority: 2, detour: null, plainRevision: null },
      { card: '3', ref: null, priority: 2 },
    ])
    expect(await rows("select ref, posted_revision as shown from posts where card = '1'")).toEqual([
      { ref: 'C1:1.0', shown: 5 },
    ])
  })

  it('finds the claim whose shift is long over and what nobody took, and leaves an import alone', async () => {
    const found = await createStore(connection.db).transaction(async (tx) => ({
      claims: await tx.claims('0', 10),
      untaken: await tx.untaken('rule "dock"', NOW, 10),
    }))
    expect(found.claims).toEqual([
      {
        ...{ id: '1', subjectId: '1', channel: 'dock', claimedBy: '1' },
        claimedAt: new Date('2026-09-20T07:00:00Z'),
      },
    ])
    expect(found.untaken.map(({ id }) => id)).toEqual(['2'])
  })
})
