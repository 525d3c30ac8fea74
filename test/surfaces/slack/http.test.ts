import { afterEach, beforeEach, expect, it } from 'vitest'
import { blockActions } from '../../support/slack/payloads.ts'
import { postCard, type Rig, startRig } from './rig.ts'

let rig: Rig
let url: string
let body: string

beforeEach(async () => {
  rig = await startRig('http')
  const { slack, orders, mara } = rig
  const ts = await postCard(rig)
  const message = slack.world.message(orders.id, ts)
  const [button] = slack.see(orders)[0]?.buttons ?? []
  if (!message || !button) throw new Error('there is a card with a button')
  const issued = { trigger: '1.2.3', responseUrl: `${slack.server.url()}/actions/x`, actionTs: '1.000001' }
  const payload = blockActions({ user: mara, channel: orders, message, button }, issued)
  body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  url = rig.eventsUrl
})
afterEach(() => rig.stop())

const post = async (headers: Record<string, string>, sent = body): Promise<number> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return (await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body: sent })).status
}

it('takes what Slack has signed', async () => {
  expect(await post(rig.slack.sign(body))).toBe(200)
  expect(rig.host.presses).toHaveLength(1)
})

it('refuses what nobody signed, what another one signed, and what was changed after signing', async () => {
  expect(await post({})).toBe(401)
  expect(await post(rig.slack.sign(body, 'another secret'))).toBe(401)
  expect(await post(rig.slack.sign(body), body.replace('41', '42'))).toBe(401)
  expect(rig.host.presses).toEqual([])
})

it('refuses what was signed more than five minutes ago', async () => {
  const old = rig.slack.sign(body, undefined, Date.now() - 301_000)
  expect(await post(old)).toBe(401)
  expect(rig.host.presses).toEqual([])
})

it('refuses a body that is larger than anything Slack sends', async () => {
  const huge = `payload=${'x'.repeat(2 * 1024 * 1024)}`
  expect(await post(rig.slack.sign(huge), huge)).toBe(413)
})

it('answers a mention once, though Slack tries again when it hears nothing', async () => {
  const { slack, host, orders, mara } = rig
  const delivery = await slack.mention('open', orders, mara)
  await slack.until('the answer', () => slack.see(orders).length === 3)
  await slack.redeliver(delivery)
  await rig.surface.stop()
  expect(host.commands).toHaveLength(1)
})
