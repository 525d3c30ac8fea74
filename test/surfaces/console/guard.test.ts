import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import express from 'express'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { accessGuard, decideAccess, type RequestFacts } from '../../../src/surfaces/console/guard.ts'
import { createTokenKeeper } from '../../../src/surfaces/console/token.ts'
import { morning } from '../../support/cards.ts'
import { type ConsoleOptions, type RunningConsole, startConsole, stubAssets } from '../../support/console.ts'

const NOW = new Date('2026-11-23T06:12:00Z')
const TOKEN = 'correct-horse-battery-staple-7719'
const LIST = '/console/api/exceptions'
const JSON_TYPE = { 'Content-Type': 'application/json' }
const PRESS = JSON.stringify({ exception: 'ex-shipped', action: 'recheck', version: 1, values: {} })

let assets: Awaited<ReturnType<typeof stubAssets>>
const running: RunningConsole[] = []

beforeAll(async () => {
  assets = await stubAssets()
})
afterEach(async () => {
  for (const console of running.splice(0)) await console.stop()
})
afterAll(() => assets.remove())

const start = async (options: ConsoleOptions = {}): Promise<RunningConsole> => {
  const console = await startConsole({ rows: morning(NOW), assetsRoot: assets.root, ...options })
  running.push(console)
  return console
}

describe('without a token, this computer alone', () => {
  test('a request from here is answered, with or without its own Origin', async () => {
    const { send, url, port } = await start()
    expect((await send('GET', LIST)).status).toBe(200)
    expect((await send('GET', LIST, { headers: { Origin: url } })).status).toBe(200)
    const named = { Host: `localhost:${port}`, Origin: `http://localhost:${port}` }
    expect((await send('GET', LIST, { headers: named })).status).toBe(200)
    const pressed = await send('POST', '/console/api/press', {
      headers: { ...JSON_TYPE, Origin: url },
      body: PRESS,
    })
    expect(pressed.json()).toEqual({ result: 'acted', message: 'Started.' })
  })

  test.each(['http://evil.example', 'http://127.0.0.1:1', 'http://localhost', 'null', 'file://', 'nonsense'])(
    'another web page (Origin %s) is refused and presses nothing',
    async (origin) => {
      const { send, baton } = await start()
      expect((await send('GET', LIST, { headers: { Origin: origin } })).status).toBe(403)
      const headers = { ...JSON_TYPE, Origin: origin }
      const pressed = await send('POST', '/console/api/press', { headers, body: PRESS })
      expect(pressed.status).toBe(403)
      expect(pressed.json()).toEqual({ error: 'Requests from other web pages are refused.' })
      expect(baton.presses).toEqual([])
    },
  )

  test.each([
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.7',
    '0.0.0.0',
  ])('DNS rebinding (Host %s) is refused, even with a matching Origin', async (host) => {
    const { send } = await start()
    const answer = await send('GET', LIST, { headers: { Host: host, Origin: `http://${host}` } })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('BATON_CONSOLE_TOKEN')
  })

  test.each([
    ['Forwarded', 'for=203.0.113.9'],
    ['X-Forwarded-For', '203.0.113.9'],
    ['X-Forwarded-Host', 'baton.example'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Real-IP', '203.0.113.9'],
    ['Via', '1.1 proxy'],
    ['CF-Connecting-IP', '203.0.113.9'],
    ['True-Client-IP', '203.0.113.9'],
    ['Tailscale-User-Login', 'ada@baton.example'],
  ])('a tunnel or proxy (%s) is refused', async (name, value) => {
    const { send } = await start()
    expect((await send('GET', LIST, { headers: { [name]: value } })).status).toBe(403)
  })

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === 'IPv4')?.address

  test.skipIf(outside === undefined)(
    'a peer that is not loopback is refused, whatever Host it names',
    async () => {
      const { send, port } = await start({ address: '0.0.0.0' })
      for (const host of [`127.0.0.1:${port}`, 'localhost', `${outside}:${port}`]) {
        const answer = await send('GET', LIST, { address: outside ?? '', headers: { Host: host } })
        expect(answer.status).toBe(403)
      }
    },
  )

  test.each([
    ['203.0.113.9', false],
    ['::ffff:203.0.113.9', false],
    ['127.0.0.1.evil', false],
    [undefined, false],
    ['127.0.0.1', true],
    ['127.8.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
  ])('the peer %s is local: %s', (peer, local) => {
    const facts: RequestFacts = {
      method: 'GET',
      httpVersion: '1.1',
      peer,
      headers: { host: '127.0.0.1:3000' },
      isPage: false,
    }
    expect(decideAccess(facts, null, NOW).ok).toBe(local)
    expect(decideAccess({ ...facts, httpVersion: '1.0' }, null, NOW).ok).toBe(false)
    expect(decideAccess({ ...facts, headers: {} }, null, NOW).ok).toBe(false)
  })

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; application/json',
    undefined,
  ])('a form of any web page (content type %s) presses nothing', async (type) => {
    const { send, baton } = await start()
    const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type }
    for (const path of ['/console/api/press', '/console/api/command', '/console/logout']) {
      expect((await send('POST', path, { headers, body: PRESS })).status).toBe(415)
    }
    expect(baton.presses).toEqual([])
    expect(baton.commands).toEqual([])
  })

  test.each(['cross-site', 'same-site'])('loading data %s is refused', async (site) => {
    const { send } = await start()
    const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' }
    expect((await send('GET', LIST, { headers })).status).toBe(403)
    expect((await send('GET', '/console/assets/index.html', { headers })).status).toBe(403)
    const navigation = { ...headers, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
    expect((await send('GET', LIST, { headers: navigation })).status).toBe(403)
  })

  test('a link from elsewhere may open the page, and only the page', async () => {
    const { send } = await start()
    const link = {
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    }
    expect((await send('GET', '/console', { headers: link })).status).toBe(200)
    expect(
      (await send('POST', '/console/api/press', { headers: { ...JSON_TYPE, ...link }, body: PRESS })).status,
    ).toBe(403)
  })

  test('nobody can frame it: not by asking for a frame, and not by ignoring that', async () => {
    const { send } = await start()
    const frame = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }
    expect((await send('GET', '/console', { headers: frame })).status).toBe(403)
    const { headers } = await send('GET', '/console')
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })

  test('the strict headers are on every answer, refusals included', async () => {
    const { send } = await start()
    const answers = [
      await send('GET', '/console'),
      await send('GET', LIST),
      await send('GET', '/console/api/nothing'),
      await send('GET', LIST, { headers: { Host: 'evil.example' } }),
    ]
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toContain("script-src 'self'")
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  test.each([
    '/CONSOLE/api/exceptions',
    '/Console',
    '/console/',
    '/console/api/stream',
    '/console//api/exceptions',
    '/console/..%2fapi',
  ])('no spelling of the path gets past the guard: %s', async (path) => {
    const { send } = await start()
    expect((await send('GET', path, { headers: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(403)
  })

  test('a token or a cookie means nothing where none is configured', async () => {
    const { send } = await start()
    const headers = { Host: 'baton.example', Authorization: `Bearer ${TOKEN}` }
    expect((await send('GET', LIST, { headers })).status).toBe(403)
    expect((await send('POST', '/console/login', { body: `token=${TOKEN}` })).status).toBe(415)
  })
})

describe('the guard by itself, as the metrics use it', () => {
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const app = express().get(
      '/metrics',
      accessGuard(createTokenKeeper(TOKEN), () => NOW),
      (_request, response) => {
        response.send('up 1')
      },
    )
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      return (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).status
    } finally {
      server.close()
    }
  }

  test('answers this computer, and elsewhere the token', async () => {
    expect(await ask({})).toBe(200)
    expect(await ask({ 'X-Forwarded-For': '203.0.113.9' })).toBe(401)
    expect(await ask({ 'X-Forwarded-For': '203.0.113.9', Authorization: `Bearer ${TOKEN}` })).toBe(200)
    expect(await ask({ Origin: 'https://evil.example' })).toBe(403)
  })
})

describe('with a token', () => {
  const FAR = { Host: 'baton.example', 'X-Forwarded-For': '203.0.113.9' }
  const FORM = {
    ...FAR,
    'Content-Type': 'application/x-www-form-urlencoded',
    Origin: 'https://baton.example',
  }

  const cookieOf = (setCookie: string[] | undefined): string => setCookie?.[0]?.split(';')[0] ?? ''

  test('the right token opens it from anywhere, a missing or wrong one does not', async () => {
    const { send } = await start({ token: TOKEN })
    expect((await send('GET', LIST, { headers: { ...FAR, Authorization: `Bearer ${TOKEN}` } })).status).toBe(
      200,
    )
    for (const authorization of [
      '',
      'Bearer ',
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      `Basic ${TOKEN}`,
      TOKEN,
    ]) {
      const answer = await send('GET', LIST, { headers: { ...FAR, Authorization: authorization } })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toContain('Bearer')
      expect(answer.text).not.toContain(TOKEN)
    }
  })

  test('a wrong token is refused even from this computer', async () => {
    const { send } = await start({ token: TOKEN })
    expect((await send('GET', LIST, { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await send('GET', LIST)).status).toBe(200)
  })

  test('a token in the address is not accepted: addresses end up in logs and histories', async () => {
    const { send } = await start({ token: TOKEN })
    for (const name of ['token', 'access_token', 'BATON_CONSOLE_TOKEN']) {
      expect((await send('GET', `${LIST}?${name}=${TOKEN}`, { headers: FAR })).status).toBe(401)
      expect((await send('GET', `/console?${name}=${TOKEN}`, { headers: FAR })).status).toBe(401)
    }
  })

  test('other web pages stay out, also with the cookie', async () => {
    const { send } = await start({ token: TOKEN })
    const login = await send('POST', '/console/login', { headers: FORM, body: `token=${TOKEN}` })
    const cookie = cookieOf(login.headers['set-cookie'])
    const mine = { ...FAR, Cookie: cookie }
    expect((await send('GET', LIST, { headers: mine })).status).toBe(200)
    expect((await send('GET', LIST, { headers: { ...mine, Origin: 'https://evil.example' } })).status).toBe(
      403,
    )
    expect((await send('GET', LIST, { headers: { ...mine, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(
      403,
    )
    const form = { ...mine, 'Content-Type': 'text/plain', Origin: 'https://baton.example' }
    expect((await send('POST', '/console/api/press', { headers: form, body: PRESS })).status).toBe(415)
  })

  test('people sign in by a form; the session is a strict cookie without the token in it', async () => {
    const { send } = await start({ token: TOKEN, now: () => NOW })
    const page = await send('GET', '/console', { headers: { ...FAR, Accept: 'text/html' } })
    expect(page.status).toBe(401)
    expect(page.text).toContain('<form method="post" action="/console/login">')

    const wrong = await send('POST', '/console/login', { headers: FORM, body: 'token=wrong' })
    expect(wrong.status).toBe(401)
    expect(wrong.headers['set-cookie']).toBeUndefined()
    expect(wrong.text).toContain('That is not the token')

    const right = await send('POST', '/console/login', { headers: FORM, body: `token=${TOKEN}` })
    expect(right.status).toBe(303)
    expect(right.headers.location).toBe('/console')
    const setCookie = right.headers['set-cookie']?.[0] ?? ''
    expect(setCookie).toMatch(/; Path=\/console; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
    expect(setCookie).not.toContain(TOKEN)
    const mine = { ...FAR, Cookie: `other=1; ${cookieOf([setCookie])}` }
    expect((await send('GET', LIST, { headers: mine })).status).toBe(200)
    expect((await send('GET', '/console/api/me', { headers: mine })).json()).toEqual({
      people: [],
      signedIn: true,
    })
  })

  test('another page cannot sign a reader in', async () => {
    const { send } = await start({ token: TOKEN })
    const headers = { ...FORM, Origin: 'https://evil.example' }
    const answer = await send('POST', '/console/login', { headers, body: `token=${TOKEN}` })
    expect(answer.status).toBe(403)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  test('a session ends after a shift, when signed out, and when the token is changed; a forged one never begins', async () => {
    let now = NOW
    const { send } = await start({ token: TOKEN, now: () => now })
    const login = await send('POST', '/console/login', { headers: FORM, body: `token=${TOKEN}` })
    const cookie = cookieOf(login.headers['set-cookie'])
    const status = async (value: string) =>
      (await send('GET', LIST, { headers: { ...FAR, Cookie: value } })).status
    expect(await status(cookie)).toBe(200)

    const out = await send('POST', '/console/logout', { headers: { ...FAR, ...JSON_TYPE, Cookie: cookie } })
    expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0')

    const later = Math.floor(NOW.getTime() / 1000) + 10 * 86_400
    expect(await status(cookie.replace(/=\d+\./, `=${later}.`))).toBe(401)
    expect(await status('baton_console=')).toBe(401)
    expect(await status(`baton_console=${TOKEN}`)).toBe(401)
    expect(createTokenKeeper(`${TOKEN}-new`).hasSession(cookie, NOW)).toBe(false)

    now = new Date(NOW.getTime() + 12 * 3_600_000 - 1000)
    expect(await status(cookie)).toBe(200)
    now = new Date(NOW.getTime() + 12 * 3_600_000)
    expect(await status(cookie)).toBe(401)
  })
})
