import { expect, it } from 'vitest'
import type { Activity } from '../../../src/surfaces/teams/activity.ts'
import { Directory } from '../../../src/surfaces/teams/directory.ts'
import { memoryKeep } from './rig.ts'

const said = (more: Partial<Activity> = {}): Activity => ({
  type: 'message',
  id: '1',
  name: '',
  action: '',
  serviceUrl: 'https://emea.example/',
  tenantId: 't1',
  from: { id: '29:1', aad: 'mara', name: 'Mara Example', isBot: false },
  conversation: 'a:1',
  place: 'personal',
  channel: null,
  message: null,
  text: '',
  value: undefined,
  ...more,
})

it('learns again from every replica what one of them forgot when the app was taken out', async () => {
  const keep = memoryKeep()
  const [one, other] = [1, 2].map(() => new Directory(keep, 't1', false))
  await one?.learn(said())
  await other?.forget(said())
  expect(await one?.person('t1:mara')).toBeNull()
  await one?.learn(said())
  expect(await other?.person('t1:mara')).toMatchObject({ userId: '29:1', chat: 'a:1' })
})

it('keeps the chat with a person who is heard in a channel, and writes nothing that it knows', async () => {
  const keep = memoryKeep()
  let writes = 0
  const { put } = keep.plain
  keep.plain.put = (...what) => {
    writes += 1
    return put(...what)
  }
  const directory = new Directory(keep, 't1', false)
  const inChannel = said({
    place: 'channel',
    channel: '19:0a@thread.tacv2',
    conversation: '19:0a@thread.tacv2',
  })
  await directory.learn(said())
  await directory.learn(inChannel)
  expect(await directory.person('t1:mara')).toMatchObject({ chat: 'a:1' })
  const before = writes
  await directory.learn(inChannel)
  expect(writes).toBe(before)
})
