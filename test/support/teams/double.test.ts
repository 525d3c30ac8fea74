import { CardFactory, type TurnContext } from 'botbuilder'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CARD_TYPE } from './card.ts'
import { startTeams, type TeamsDouble } from './double.ts'
import type { Json } from './json.ts'
import { startTinyBot, type TinyBot } from './tiny-bot.ts'
import type { Channel, Person, Team } from './world.ts'

/** The double is only worth what it refuses: these are the rules that the surface's tests lean on. */

let teams: TeamsDouble
let bot: TinyBot
let mara: Person
let jo: Person
let logistics: Team
let orders: Channel

beforeEach(async () => {
  // The SDK writes every refused token to the console.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  teams = await startTeams()
  bot = await startTinyBot(teams)
  mara = teams.addPerson('Mara Vell')
  jo = teams.addPerson('Jo Quint', { client: 'phone' })
  logistics = teams.addTeam('Logistics', [mara, jo])
  orders = teams.addChannel('orders', logistics)
  await teams.install(logistics, mara)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await bot.stop()
  await teams.stop()
})

const book = { type: 'Action.Execute', title: 'Book', verb: 'press', data: { exception: '41' } }
const cardWith = (body: Json[], actions: Json[] = [book]): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body,
  actions,
})
const words = (text: string): Json => ({ type: 'TextBlock', text, wrap: true })
const card = cardWith([words('Receipt 1001 is not in the ERP')])
const showing = (content: Json): Json => ({ attachments: [{ contentType: CARD_TYPE, content }] })
const post = async (content = card): Promise<string> => {
  await bot.post(orders.id, showing(content))
  return teams.see(orders).at(-1)?.id ?? ''
}
const answering =
  (body: Json, status = 200): TinyBot['onActivity'] =>
  (context: TurnContext) =>
    context.sendActivity({ type: 'invokeResponse', value: { status, body } })
const refusal = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'accepted',
    (error: unknown) => error,
  )

/** One call to the connector, past the SDK and what it does by itself. */
async function call(method: string, path: string, body: Json = {}, bearer?: string) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: teams.appId,
    client_secret: teams.appPassword,
    scope: 'https://api.botframework.com/.default',
  })
  const granted: unknown = await (await fetch(teams.tokenUrl, { method: 'POST', body: form })).json()
  const { access_token: own } = granted as { access_token: string }
  const response = await fetch(`${teams.serviceUrl}v3/${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer ?? own}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    code: text === '' ? null : JSON.parse(text).error?.code,
    body: text === '' ? null : JSON.parse(text),
  }
}
const send = (activity: Json, conversation = orders.id) =>
  call('POST', `conversations/${encodeURIComponent(conversation)}/activities`, {
    type: 'message',
    ...activity,
  })

describe('tokens', () => {
  it('of Teams are taken by the SDK when they are right', async () => {
    const delivery = await teams.mention(orders, 'open 41', mara)
    expect(delivery).toMatchObject({ state: 'answered', status: 200 })
    expect(bot.heard.at(-1)).toMatchObject({
      text: '<at>Baton</at> open 41\n',
      from: { aadObjectId: mara.aadObjectId },
      conversation: { tenantId: teams.tenantId, conversationType: 'channel' },
    })
  })

  it.each([
    'none',
    'garbage',
    'audience',
    'issuer',
    'service_url',
    'expired',
    'signature',
    'unknown_key',
    'unsigned',
  ] as const)('of Teams are refused by the SDK with 401 or 500 when wrong: %s', async (forgery) => {
    const before = bot.heard.length
    const id = await post()
    const delivery = await teams.press(id, 'Book', mara, { token: forgery })
    expect(delivery.state).toBe('failed')
    expect([401, 500]).toContain(delivery.status)
    expect(bot.heard).toHaveLength(before)
  })

  it('of the bot are asked for, and are worth nothing when unknown, old or revoked', async () => {
    expect((await send({ text: 'hello' })).status).toBe(201)
    const members = `conversations/${orders.id}/pagedmembers`
    expect((await call('GET', members, {}, 'made-up')).status).toBe(401)
    teams.tokens.revoked = true
    expect((await send({ text: 'hello' })).status).toBe(401)
    expect(await refusal(bot.post(orders.id, { text: 'hello' }))).toMatchObject({
      message: 'no token: invalid_client',
    })
  })
})

describe('the connector', () => {
  it('makes a post, names its conversation, and lets the bot change and delete it', async () => {
    const conversation = await bot.post(orders.id, showing(card))
    const [id] = teams.see(orders).map((each) => each.id)
    expect(conversation).toBe(`${orders.id};messageid=${id}`)
    await bot.inConversation(conversation, (context) =>
      context.updateActivity({ id: id ?? '', ...showingCard('Booked') }),
    )
    expect(teams.see(orders)).toMatchObject([{ text: 'Booked', edited: true }])
    await bot.inConversation(conversation, (context) => context.deleteActivity(id ?? ''))
    expect(teams.see(orders)).toEqual([])
  })

  it('puts answers into the thread', async () => {
    const conversation = await bot.post(orders.id, { text: 'one' })
    await bot.inConversation(conversation, (context) => context.sendActivity('two'))
    const [one, two] = teams.see(orders)
    expect(two).toMatchObject({ text: 'two', root: one?.id })
  })

  it('gives text and card together no id, and shows two messages', async () => {
    expect((await send({ text: 'hello', ...showing(card) })).body).toEqual({})
    expect(teams.see(orders)).toHaveLength(2)
  })

  it('refuses what is gone, foreign, blocked or never was', async () => {
    const id = await post()
    teams.deleteMessage(id)
    const path = `conversations/${orders.id}/activities`
    const update = (target: string) => call('PUT', `${path}/${target}`, { type: 'message', text: 'x' })
    expect(await update(id)).toMatchObject({ status: 404, code: 'ActivityNotFoundInConversation' })
    await teams.mention(orders, 'hi', mara)
    const theirs = teams.see(orders).at(-1)?.id ?? ''
    expect(await update(theirs)).toMatchObject({ status: 403 })
    expect(await send({ text: 'x' }, '19:nowhere@thread.tacv2')).toMatchObject({
      code: 'ConversationNotFound',
    })
    teams.blockWrites(orders)
    expect(await send({ text: 'x' })).toMatchObject({ status: 403, code: 'MessageWritesBlocked' })
  })

  it('lets the bot write nowhere that it is not installed', async () => {
    await teams.uninstall(logistics, mara)
    expect(await send({ text: 'x' })).toMatchObject({ status: 403, code: 'BotNotInConversationRoster' })
    expect(bot.heard.slice(-2).map((each) => each.type)).toEqual(['installationUpdate', 'conversationUpdate'])
  })

  it('opens a chat with one person who has the bot, always the same one', async () => {
    const create = (member: string, more: Json = {}) =>
      call('POST', 'conversations', {
        isGroup: false,
        members: [{ id: member }],
        tenantId: teams.tenantId,
        ...more,
      })
    expect(await create(mara.id)).toMatchObject({ status: 403 })
    await teams.install(mara, mara)
    const first = await create(mara.id)
    expect(first.status).toBe(201)
    expect((await create(mara.id)).body).toEqual(first.body)
    expect(await create(mara.aadObjectId)).toMatchObject({ status: 400 })
    expect(await create(mara.id, { tenantId: 'another' })).toMatchObject({ status: 400 })
    expect(await create(mara.id, { isGroup: true })).toMatchObject({ status: 400 })
  })

  it('tells who is in a channel, with what the directory knows', async () => {
    const all = await call('GET', `conversations/${orders.id}/pagedmembers`)
    expect(all.body.members).toHaveLength(2)
    const one = await call('GET', `conversations/${orders.id}/members/${mara.aadObjectId}`)
    expect(one.body).toMatchObject({
      id: mara.id,
      email: 'mara.vell@retail.example',
      tenantId: teams.tenantId,
    })
    const stranger = teams.addPerson('Ida Moor')
    expect((await call('GET', `conversations/${orders.id}/members/${stranger.id}`)).status).toBe(404)
  })

  it('refuses what is too large, as JSON', async () => {
    const body = Array.from({ length: 60 }, () => words('x'.repeat(1_000)))
    expect(await send(showing(cardWith(body)))).toMatchObject({ status: 413, code: 'MessageSizeTooBig' })
    expect(teams.server.largestBytes).toBeGreaterThan(100 * 1024)
  })
})

const showingCard = (text: string) => ({
  type: 'message',
  attachments: [CardFactory.adaptiveCard(cardWith([words(text)]))],
})

describe('quotas', () => {
  const burst = async (count: number): Promise<number[]> => {
    const all: number[] = []
    for (let i = 0; i < count; i += 1) all.push((await send({ text: 'x' })).status)
    return all
  }

  it('let seven writes into a conversation in a second, eight in two', async () => {
    expect(await burst(8)).toEqual([201, 201, 201, 201, 201, 201, 201, 429])
    expect(teams.server.throttled).toBe(1)
    teams.wait(1_000)
    expect(await burst(2)).toEqual([201, 429])
    const other = teams.addChannel('returns', logistics)
    expect((await send({ text: 'x' }, other.id)).status).toBe(201)
  })

  it('let sixty into a conversation in half a minute', async () => {
    for (let i = 0; i < 15; i += 1) {
      expect(await burst(4)).toEqual([201, 201, 201, 201])
      teams.wait(1_000)
    }
    expect(await burst(1)).toEqual([429])
    teams.wait(15_000)
    expect(await burst(1)).toEqual([201])
  })

  it('let fifty calls a second into a tenant', async () => {
    const channels = Array.from({ length: 8 }, (_, i) => teams.addChannel(`c${i}`, logistics))
    const all: number[] = []
    for (const channel of channels)
      for (let i = 0; i < 7; i += 1) all.push((await send({ text: 'x' }, channel.id)).status)
    expect(all.filter((each) => each === 201)).toHaveLength(50)
    teams.wait(1_000)
    expect(await burst(1)).toEqual([201])
  })
})

describe('faults', () => {
  it('are answered as Teams answers them', async () => {
    teams.fault('send', { is: 'throttled', retryAfterSeconds: 3 })
    teams.fault('send', { is: 'throttled', retryAfterSeconds: null })
    teams.fault('send', { is: 'precondition_failed' })
    teams.fault('send', { is: 'writes_blocked' })
    expect(await send({ text: 'x' })).toMatchObject({ status: 429, retryAfter: '3' })
    expect(await send({ text: 'x' })).toMatchObject({ status: 429, retryAfter: null })
    expect(await send({ text: 'x' })).toMatchObject({ status: 412 })
    expect(await send({ text: 'x' })).toMatchObject({ status: 403, code: 'MessageWritesBlocked' })
    expect(teams.see(orders)).toEqual([])
  })

  it('may come after the message is there', async () => {
    teams.fault('send', { is: 'status', status: 502, applied: true })
    expect((await send({ text: 'one' })).status).toBe(502)
    teams.fault('send', { is: 'reset', applied: true })
    expect(await refusal(send({ text: 'two' }))).toBeInstanceOf(TypeError)
    teams.fault('send', { is: 'accepted' })
    expect(await send({ text: 'three' })).toMatchObject({ status: 202, body: null })
    expect(teams.see(orders).map((each) => each.text)).toEqual(['one', 'two', 'three'])
  })

  it('that nobody met fail the test', async () => {
    const other = await startTeams()
    other.fault('update', { is: 'hang', applied: false })
    await expect(other.stop()).rejects.toThrow('no call met the fault on update: hang')
  })
})

describe('a press', () => {
  const answer = (text: string): Json => ({
    statusCode: 200,
    type: CARD_TYPE,
    value: cardWith([words(text)], [book]),
  })

  it('is answered with a card for the one who pressed, until everyone gets a new one', async () => {
    const id = await post()
    bot.onActivity = answering(answer('Booked by you'))
    expect(await teams.press(id, 'Book', mara)).toMatchObject({ state: 'answered', told: null })
    expect(bot.heard.at(-1)).toMatchObject({
      type: 'invoke',
      name: 'adaptiveCard/action',
      replyToId: id,
      value: { action: { verb: 'press', data: { exception: '41' } }, trigger: 'manual' },
    })
    expect(teams.see(orders, mara)[0]?.text).toBe('Booked by you')
    expect(teams.see(orders, jo)[0]?.text).toBe('Receipt 1001 is not in the ERP')
    await bot.inConversation(`${orders.id};messageid=${id}`, (context) =>
      context.updateActivity({ id, ...showingCard('Booked') }),
    )
    expect(teams.see(orders, mara)[0]?.text).toBe('Booked')
  })

  it('is sent again with the same activity id, or with a new one', async () => {
    bot.onActivity = answering(answer('Booked'))
    const first = await teams.press(await post(), 'Book', mara)
    await teams.redeliver(first)
    await teams.redeliver(first, 'new')
    const ids = bot.heard.slice(-3).map((each) => each.id)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
  })

  it('that takes longer than fifteen seconds failed, whatever comes later', async () => {
    let finish: () => void = () => {}
    bot.onActivity = async (context) => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      await answering(answer('Booked'))(context)
    }
    const id = await post()
    const before = bot.heard.length
    const pressing = teams.press(id, 'Book', mara)
    await vi.waitFor(() => expect(bot.heard.length).toBe(before + 1))
    teams.wait(15_000)
    const delivery = await pressing
    expect(delivery).toMatchObject({ state: 'failed', failure: 'timed_out' })
    finish()
    await teams.until('the late answer', () => delivery.lateAnswers === 1)
    expect(teams.see(orders, mara)[0]?.text).toBe('Receipt 1001 is not in the ERP')
  })

  it('answered with what Teams cannot read shows an error, and fails the test', async () => {
    const id = await post()
    bot.onActivity = answering({ statusCode: 200, type: CARD_TYPE, value: { type: 'AdaptiveCard' } })
    expect(await teams.press(id, 'Book', mara)).toMatchObject({ failure: 'bad_response' })
    bot.onActivity = answering({}, 500)
    expect(await teams.press(id, 'Book', mara)).toMatchObject({ failure: 'http_500' })
    expect(teams.world.violations.splice(0)).toEqual([expect.stringContaining('lacks version')])
  })

  it('sends what was typed with the data, and is held back where Teams would hold it back', async () => {
    const minutes = { type: 'Input.Number', id: 'minutes', label: 'Minutes', min: 1, max: 60 }
    const asks = { isRequired: true, errorMessage: 'Needed.' }
    const form = {
      type: 'Action.ShowCard',
      title: 'Fixed by hand',
      card: { type: 'AdaptiveCard', body: [{ ...minutes, ...asks }], actions: [{ ...book, title: 'Save' }] },
    }
    const id = await post(cardWith([words('x')], [form, { ...book, title: 'Off', isEnabled: false }]))
    bot.onActivity = answering(answer('Saved'))
    const save = (inputs: Record<string, number>, as = mara) =>
      teams.press(id, 'Fixed by hand', as, { then: 'Save', inputs })
    expect(() => teams.press(id, 'Fixed by hand', mara)).toThrow('asks')
    expect(() => teams.press(id, 'Off', mara)).toThrow('is off')
    expect(() => save({})).toThrow('will not go without')
    expect(() => save({ Minutes: 61 })).toThrow('out of range')
    await save({ Minutes: 5 })
    expect(bot.heard.at(-1)?.value.action.data).toEqual({ exception: '41', minutes: 5 })
    // The phone's client sends text.
    await save({ Minutes: 5 }, jo)
    expect(bot.heard.at(-1)?.value.action.data).toEqual({ exception: '41', minutes: '5' })
  })
})

describe('a dialog', () => {
  const open = { type: 'Action.Submit', title: 'Dismiss', data: { msteams: { type: 'task/fetch' }, e: '41' } }
  const why = { type: 'Input.Text', id: 'why', label: 'Why', isRequired: true, errorMessage: 'Needed.' }
  const dialog = (actions: Json[]): Json => ({
    task: {
      type: 'continue',
      value: { title: 'Dismiss', card: { contentType: CARD_TYPE, content: cardWith([why], actions) } },
    },
  })

  it('is fetched, filled in and sent, and closes', async () => {
    const id = await post(cardWith([words('x')], [open]))
    bot.onActivity = answering(dialog([{ type: 'Action.Submit', title: 'Dismiss', data: { e: '41' } }]))
    await teams.openDialog(id, 'Dismiss', mara)
    expect(bot.heard.at(-1)).toMatchObject({ name: 'task/fetch', value: { data: { e: '41' } } })
    expect(teams.dialogOf(mara)).toMatchObject({ title: 'Dismiss', inputs: ['Why'] })
    expect(() => teams.submitDialog(mara, {})).toThrow('will not go without')
    bot.onActivity = answering({ task: { type: 'message', value: 'Dismissed.' } })
    const sent = await teams.submitDialog(mara, { Why: 'counted twice' })
    expect(bot.heard.at(-1)).toMatchObject({
      name: 'task/submit',
      value: { data: { e: '41', why: 'counted twice' } },
    })
    expect(sent.told).toBe('Dismissed.')
    expect(teams.dialogOf(mara)).toBeNull()
  })

  it('takes no Action.Execute: it would never come back', async () => {
    const id = await post(cardWith([words('x')], [open]))
    bot.onActivity = answering(dialog([book]))
    expect(await teams.openDialog(id, 'Dismiss', mara)).toMatchObject({ failure: 'bad_response' })
    expect(teams.world.violations.splice(0)).toEqual([expect.stringContaining('only Action.Submit')])
  })
})
