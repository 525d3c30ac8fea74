import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { batchCard } from '../../../src/app/batch-card.ts'
import type { PressAnswer } from '../../../src/app/surface.ts'
import { projectRoot } from '../../../src/root.ts'
import { batchOffered, batchStarted, member } from '../../support/batches.ts'
import { findBrowser, launchBrowser } from '../../support/browser.ts'
import { action, exceptionOf, morning } from '../../support/cards.ts'
import { type ConsoleOptions, type RunningConsole, startConsole } from '../../support/console.ts'
import { contrastFaults, namelessControls } from '../../support/page-checks.ts'

const executable = findBrowser()
const NOW = new Date()
const DESKTOP = { width: 1280, height: 900 }

let browser: Browser
const running: RunningConsole[] = []
const pages: { page: Page; faults: string[] }[] = []

beforeAll(async () => {
  if (executable === null) return
  await promisify(execFile)('npx', ['tsc', '-p', 'tsconfig.console.json'], { cwd: projectRoot, shell: true })
  browser = await launchBrowser(executable, ['--host-resolver-rules=MAP *.test 127.0.0.1'])
}, 120_000)

afterEach(async () => {
  const faults = pages.flatMap((opened) => opened.faults)
  for (const { page } of pages.splice(0)) await page.context().close()
  for (const console of running.splice(0)) await console.stop()
  expect(faults).toEqual([])
})

afterAll(() => browser?.close())

const start = async (options: ConsoleOptions = {}): Promise<RunningConsole> => {
  const console = await startConsole({ rows: morning(NOW), ...options })
  running.push(console)
  return console
}

/** A fresh page. Whatever the browser complains about (errors, policy violations) fails the test. */
const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
  const context = await browser.newContext({ viewport: DESKTOP, ...options })
  const page = await context.newPage()
  const faults: string[] = []
  pages.push({ page, faults })
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // What a test provokes: no connection, a refusal; and a header that counts only on trustworthy origins.
    const expected = /net::ERR_|status of 4\d\d|Cross-Origin-Opener-Policy header has been ignored/
    if (message.type() === 'error' && !expected.test(message.text())) faults.push(message.text())
  })
  await page.goto(url)
  return page
}

const openConsole = async (console: RunningConsole, options?: BrowserContextOptions): Promise<Page> => {
  const page = await open(`${console.url}/console`, options)
  await page.getByText('Live', { exact: true }).waitFor()
  return page
}

const cardOf = (page: Page, id: string): Locator => page.locator(`[data-id="${id}"]`)
const button = (where: Page | Locator, name: string): Locator =>
  where.getByRole('button', { name, exact: true })

const idsShown = (page: Page): Promise<(string | null)[]> =>
  page.locator('#cards > .card').evaluateAll((cards) => cards.map((card) => card.getAttribute('data-id')))

/** A press whose answer the test gives when it likes. */
const heldPress = (console: RunningConsole) => {
  let answer: (value: Omit<PressAnswer, 'card'>) => void = () => undefined
  const answered = new Promise<Omit<PressAnswer, 'card'>>((resolve) => {
    answer = resolve
  })
  console.baton.answerPress = () => answered
  return answer
}

describe.skipIf(executable === null)('the console in a browser', () => {
  test('shows what is done for many at once in a card of its own, which moves as it goes on', async () => {
    const console = await start()
    const offer = batchOffered([member(1), member(2)])
    console.baton.setBatch(offer)
    console.baton.answerCommand = async () => ({ card: batchCard(offer, NOW), text: 'for all 2' })
    const page = await openConsole(console)
    expect(await page.locator('#batches > .card').count()).toBe(0)

    await page.getByLabel('Command').fill('fix receipt-booked')
    await page.keyboard.press('Enter')
    console.baton.answerPress = async () => {
      console.baton.setBatch(batchStarted([member(1, { state: 'running' }), member(2, { state: 'waiting' })]))
      return { result: 'acted', message: 'Started for 2.' }
    }
    await button(page, 'Book the receipt for 2').click()
    const card = page.locator('#batches > .card')
    await card.getByText('0 of 2 done, 2 to go').first().waitFor()
    expect(await page.locator('#answers > .card').count()).toBe(0)
    expect(await namelessControls(page)).toEqual([])

    console.baton.answerPress = async () => ({ result: 'acted', message: 'Stopped: 1 left as they are.' })
    await button(card, 'Stop').click()
    await card.getByText('Stopped: 1 left as they are.').waitFor()
    expect(console.baton.presses.map(({ exception, action }) => [exception, action])).toEqual([
      ['batch:7', 'erp.book_receipt'],
      ['batch:7', 'stop'],
    ])
    const over = { state: 'finished', version: 3, revision: 9 } as const
    const failed = member(2, { state: 'failed', words: 'erp: period 11 is closed.' })
    console.baton.setBatch(batchStarted([member(1, { state: 'done' }), failed], over))
    await card.getByText('erp: period 11 is closed.').waitFor()
    await button(card, 'Try the one again').waitFor()
    expect(await card.count()).toBe(1)

    await page.reload()
    await card.getByText('1 of 2 done, 1 failed').first().waitFor()
  })

  test('shows what is open, worst first and newest of these first', async () => {
    const page = await openConsole(await start())
    expect(await idsShown(page)).toEqual([
      'ex-never-imported',
      'ex-shipped',
      'ex-receipt',
      'ex-stock',
      'ex-no-scan',
    ])
    await expect.poll(() => page.title()).toBe('(5) Baton')
    await page.getByRole('link', { name: '#shipping 2 open' }).click()
    await expect.poll(() => idsShown(page)).toEqual(['ex-shipped', 'ex-no-scan'])
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('#shipping')
  })

  test('an empty channel says what will happen', async () => {
    const page = await openConsole(await start({ rows: [] }))
    await page.getByText('Nothing is open here.').waitFor()
    await page.getByText('its card appears here by itself').waitFor()
  })

  test('cards appear live, in their place, and are announced', async () => {
    const console = await start()
    const page = await openConsole(console)
    console.baton.set(
      exceptionOf(NOW, { id: 'ex-new', title: 'Refunded in the shop, not in the ERP', openedAt: new Date() }),
    )
    await cardOf(page, 'ex-new').waitFor()
    expect((await idsShown(page))[0]).toBe('ex-new')
    await expect.poll(() => page.locator('#announcer').textContent()).toContain('Refunded in the shop')
    await page.getByRole('link', { name: '#shipping 3 open' }).waitFor()
  })

  test('what a system writes is text: no markup, no link, no script, no picture', async () => {
    const evil =
      '<img src=x onerror="document.title=1"> [pay](https://evil.example) <at>all</at> **now** {{DATE(2026-01-01T00:00:00Z)}}'
    const console = await start({ rows: [exceptionOf(NOW, { id: 'ex-evil', title: evil, status: evil })] })
    const page = await openConsole(console)
    const card = cardOf(page, 'ex-evil')
    expect(await card.locator('.card-body').textContent()).toContain(evil)
    expect(await card.locator('.card-body :is(a, img, b, strong, script, iframe)').count()).toBe(0)
    expect(await page.title()).toBe('(1) Baton')
  })

  test('a press shows that it is under way, then the answer, then the card’s own news, in place', async () => {
    const console = await start()
    const answer = heldPress(console)
    const page = await openConsole(console)
    const card = cardOf(page, 'ex-shipped')
    await button(card, 'Book the shipment').click()
    await card.getByText('…', { exact: true }).waitFor()
    expect(await button(card, 'Check again').isDisabled()).toBe(true)
    await button(card, 'Check again').click({ force: true })

    answer({ result: 'acted', message: 'Book the shipment: started.' })
    await card.getByRole('status').getByText('Book the shipment: started.').waitFor()
    expect(console.baton.presses).toMatchObject([
      { exception: 'ex-shipped', action: 'sync_shipment', version: 1, values: {}, formOpenedAt: null },
    ])
    console.baton.set(
      exceptionOf(NOW, {
        id: 'ex-shipped',
        version: 2,
        status: 'Booking the shipment: sending to erp-main…',
      }),
    )
    await card.getByText('Booking the shipment: sending to erp-main…').waitFor()
    expect(await idsShown(page)).toContain('ex-shipped')
  })

  test('a press that reaches nobody is said to have failed, and can be repeated', async () => {
    const console = await start()
    const page = await openConsole(console)
    await page.route('**/api/press', (route) => route.abort())
    const card = cardOf(page, 'ex-shipped')
    await button(card, 'Check again').click()
    await card.getByText('Baton did not answer. Nothing is lost: try again.').waitFor()
    await page.unroute('**/api/press')
    await button(card, 'Check again').click()
    await card.getByText('Started.').waitFor()
    expect(console.baton.presses).toHaveLength(1)
  })

  test('the keyboard alone is enough: to a card, to its button, press, and focus stays', async () => {
    const console = await start()
    const page = await openConsole(console)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    expect(await cardOf(page, 'ex-shipped').evaluate((card) => card === document.activeElement)).toBe(true)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await cardOf(page, 'ex-shipped').getByText('Started.').waitFor()
    expect(console.baton.presses).toMatchObject([{ exception: 'ex-shipped', action: 'sync_shipment' }])
    console.baton.set(exceptionOf(NOW, { id: 'ex-shipped', version: 2, status: 'Under way.' }))
    await cardOf(page, 'ex-shipped').getByText('Under way.').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Book the shipment')
  })

  test('a form asks for what is missing, keeps what is typed while the card changes, and sends numbers', async () => {
    const console = await start()
    const page = await openConsole(console)
    const card = cardOf(page, 'ex-stock')
    await button(card, 'Set the shop’s stock').click()
    const quantity = card.getByLabel('Available (units)')
    await expect.poll(() => quantity.evaluate((input) => input === document.activeElement)).toBe(true)
    await button(card, 'Set the shop’s stock').last().click()
    await card.getByText('A number from 0 to 500.').waitFor()
    expect(console.baton.presses).toEqual([])

    await quantity.fill('12')
    const row = console.baton.rows.get('ex-stock')
    if (row === undefined) throw new Error('no row')
    console.baton.set({ ...row, version: 2, status: 'Recounted a minute ago.' })
    await card.getByText('Recounted a minute ago.').waitFor()
    expect(await quantity.inputValue()).toBe('12')
    expect(await quantity.evaluate((input) => input === document.activeElement)).toBe(true)
    await card.getByText('This has changed while you were at it').waitFor()

    await card.getByLabel('Why').fill('counted twice')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await card.getByText('Started.').waitFor()
    expect(console.baton.presses).toMatchObject([
      { action: 'set_stock', version: 2, values: { quantity: 12, why: 'counted twice' } },
    ])
    expect(console.baton.presses[0]?.formOpenedAt).toBeInstanceOf(Date)
    await expect.poll(() => quantity.isVisible()).toBe(false)
  })

  test('what was about to be done and is no longer offered is said, not silently lost', async () => {
    const console = await start()
    const page = await openConsole(console)
    const card = cardOf(page, 'ex-shipped')
    await button(card, 'Add a note').click()
    await card.getByRole('textbox', { name: 'Note' }).fill('the driver is on his way')
    console.baton.set(
      exceptionOf(NOW, { id: 'ex-shipped', version: 2, actions: [action('recheck', 'Check again')] }),
    )
    await card.getByText('what you were about to do is no longer offered').waitFor()
  })

  test('a risky press asks first', async () => {
    const console = await start()
    const page = await openConsole(console)
    const card = cardOf(page, 'ex-never-imported')
    await button(card, 'Create the order').click()
    await card.getByText('Create order 10431 in erp-main?').waitFor()
    expect(console.baton.presses).toEqual([])
    console.baton.answerPress = async () => ({
      result: 'awaiting_approval',
      message: 'Asked for. A second person has to approve it.',
    })
    await button(card, 'Ask for approval').click()
    await card.getByText('Asked for. A second person has to approve it.').waitFor()
    expect(console.baton.presses).toHaveLength(1)
  })

  test('a button that cannot be pressed says why, in sight', async () => {
    const page = await openConsole(await start())
    const card = cardOf(page, 'ex-never-imported')
    expect(await button(card, 'Send it again').isDisabled()).toBe(true)
    await card.getByText('Send it again (off): the integration has no failed record of this order').waitFor()
  })

  test('commands are answered as cards; their buttons run commands and press', async () => {
    const console = await start()
    console.baton.answerCommand = async ({ text }) => ({
      text: `Answer to ${text}`,
      card: {
        title: `Answer to ${text}`,
        tone: 'neutral',
        summary: text,
        blocks: [
          {
            kind: 'buttons',
            buttons: [
              { kind: 'command', text: 'drag 30d', label: 'Last 30 days' },
              {
                kind: 'press',
                exception: 'ex-shipped',
                action: 'recheck',
                version: 1,
                label: 'Check it',
                style: 'default',
                enabled: true,
                reason: null,
                confirm: null,
                inputs: [],
              },
            ],
          },
        ],
      },
    })
    const page = await openConsole(console)
    await page.getByRole('link', { name: '#shipping 2 open' }).click()
    await page.locator('h1', { hasText: '#shipping' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('drag 7d')
    await page.keyboard.press('Enter')
    const first = page.getByRole('article', { name: 'Answer to drag 7d' })
    await first.getByRole('heading', { name: 'Answer to drag 7d' }).waitFor()
    expect(console.baton.commands).toMatchObject([{ channel: 'shipping', text: 'drag 7d' }])
    expect(await page.getByLabel('Command').evaluate((input) => input === document.activeElement)).toBe(true)

    await button(first, 'Last 30 days').click()
    await page.getByRole('heading', { name: 'Answer to drag 30d' }).waitFor()
    await button(first, 'Check it').click()
    await expect
      .poll(() => console.baton.presses)
      .toMatchObject([{ exception: 'ex-shipped', action: 'recheck' }])
    // The answer was about one exception, so it is now that exception's newest card.
    await first.getByText('Shipped in the warehouse, still open in the ERP').waitFor()
    await first.getByText('Started.').waitFor()

    await button(page, 'Help').click()
    await page.getByRole('heading', { name: 'Answer to help' }).waitFor()
    await page.getByRole('button', { name: 'Close the answer to help' }).click()
    await expect.poll(() => page.getByRole('heading', { name: 'Answer to help' }).count()).toBe(0)

    await page.getByLabel('Command').focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    expect(await page.getByLabel('Command').inputValue()).toBe('drag 7d')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    expect(await page.getByLabel('Command').inputValue()).toBe('')
  })

  test('a card that closes stays to be read, then folds away, and opens again', async () => {
    const console = await start()
    const context = await browser.newContext({ viewport: DESKTOP })
    const page = await context.newPage()
    pages.push({ page, faults: [] })
    await page.clock.install()
    await page.goto(`${console.url}/console`)
    await cardOf(page, 'ex-shipped').waitFor()
    await page.mouse.move(5, 5)
    const closed = exceptionOf(NOW, {
      id: 'ex-shipped',
      version: 2,
      state: 'resolved',
      closedAt: new Date(),
      status: 'Booked by Ines Okafor. Verified: the handoff is kept.',
    })
    console.baton.set(closed)
    await cardOf(page, 'ex-shipped').getByText('Verified: the handoff is kept.').waitFor()
    await page.clock.runFor(31_000)
    await page.getByText('Closed since you opened this page (1)').click()
    const folded = page.locator('#done').locator('[data-id=ex-shipped]')
    expect(await folded.getByText('Verified: the handoff is kept.').isVisible()).toBe(false)
    await button(folded, `${closed.title}: 10428`).click()
    expect(await folded.getByText('Verified: the handoff is kept.').isVisible()).toBe(true)
    expect(await idsShown(page)).not.toContain('ex-shipped')

    await button(page, 'Closed').click()
    await expect.poll(() => idsShown(page)).toEqual(['ex-shipped'])
  })

  test('ages tick', async () => {
    const console = await start({ rows: [exceptionOf(new Date(), { id: 'ex-1', openedAt: new Date() })] })
    const context = await browser.newContext({ viewport: DESKTOP })
    const page = await context.newPage()
    pages.push({ page, faults: [] })
    await page.clock.install()
    await page.goto(`${console.url}/console`)
    const age = cardOf(page, 'ex-1').locator('header time')
    await expect.poll(() => age.textContent()).toBe('now')
    await page.clock.runFor(125_000)
    expect(await age.textContent()).toBe('2\u00a0min\u00a0ago')
    expect(await age.getAttribute('title')).toMatch(/\d{4}/)
  })

  test('details show what was done and by whom, follow the exception live, and close by Escape', async () => {
    const console = await start()
    const page = await openConsole(console)
    const opener = page.getByRole('button', { name: 'Details of Shipped in the warehouse' })
    await opener.click()
    const dialog = page.getByRole('dialog', { name: 'Shipped in the warehouse' })
    await dialog.getByText('No action has run yet.').waitFor()
    console.baton.set(
      exceptionOf(NOW, {
        id: 'ex-shipped',
        version: 2,
        actionRuns: [
          {
            id: 'r1',
            action: 'sync_shipment',
            label: 'Book the shipment',
            system: 'erp-main',
            requestedBy: 'Ines Okafor',
            approvedBy: 'Tom Brandt',
            state: 'finished',
            outcome: 'done',
            words: 'Status 20 became 40',
            startedAt: NOW,
            settleBy: null,
            finishedAt: NOW,
            verifiedAt: NOW,
          },
        ],
        interventions: [
          {
            id: 'i1',
            at: NOW,
            person: 'Ines Okafor',
            kind: 'press',
            action: 'sync_shipment',
            result: 'acted',
            note: 'customer called',
            minutes: 2,
            surface: 'console',
          },
        ],
      }),
    )
    await dialog.getByText('Status 20 became 40').waitFor()
    await dialog.getByText('approved by Tom Brandt').waitFor()
    await dialog.getByText('✓ verified').waitFor()
    await dialog.getByText('customer called').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
    await expect.poll(() => opener.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(new URL(page.url()).hash).toBe('')
  })

  test('an address leads straight to a channel and an exception', async () => {
    const console = await start()
    const page = await open(`${console.url}/console#channel=stock&exception=ex-stock`)
    await page.getByRole('dialog', { name: 'Stock differs' }).waitFor()
    expect(await idsShown(page)).toEqual(['ex-stock'])
  })

  test('a lost connection is said, and what was missed is there when it comes back', async () => {
    const console = await start()
    const page = await openConsole(console)
    running.splice(0)
    await console.stop()
    await page.getByRole('alert').getByText('Connection lost').waitFor()
    console.baton.rows.delete('ex-no-scan')
    console.baton.rows.set('ex-missed', exceptionOf(NOW, { id: 'ex-missed', title: 'Missed meanwhile' }))
    running.push(await startConsole({ port: console.port, baton: console.baton }))
    await cardOf(page, 'ex-missed').waitFor()
    await expect.poll(() => idsShown(page)).not.toContain('ex-no-scan')
    await expect.poll(() => page.getByRole('alert').isVisible()).toBe(false)
  })

  test('a card that arrives above does not move what the reader looks at; it is counted instead', async () => {
    const console = await start()
    const page = await openConsole(console, { viewport: { width: 1280, height: 500 } })
    const card = cardOf(page, 'ex-no-scan')
    await card.scrollIntoViewIfNeeded()
    await page.mouse.move(600, 300)
    const before = await card.boundingBox()
    console.baton.set(exceptionOf(NOW, { id: 'ex-above', openedAt: new Date() }))
    await button(page, '↑ 1 new').waitFor()
    expect(await card.boundingBox()).toEqual(before)
    await button(page, '↑ 1 new').click()
    await expect.poll(() => cardOf(page, 'ex-above').isVisible()).toBe(true)
    await expect.poll(() => button(page, '↑ 1 new').count()).toBe(0)
  })

  test('in the sandbox the reader chooses who he is, and that is who presses', async () => {
    const people = [
      { externalId: 'ines', displayName: 'Ines Okafor (operator)' },
      { externalId: 'tom', displayName: 'Tom Brandt (lead)' },
    ]
    const console = await start({ people })
    const page = await openConsole(console)
    await page.getByLabel('You are').selectOption('tom')
    await button(cardOf(page, 'ex-shipped'), 'Check again').click()
    await expect.poll(() => console.baton.presses.map((press) => press.identity.externalId)).toEqual(['tom'])
  })

  test.each([
    ['a phone', 390, 844],
    ['a small phone', 320, 568],
  ])(
    '%s needs no sideways scrolling, and every target is large enough for a thumb',
    async (_, width, height) => {
      const console = await start()
      const page = await openConsole(console, { viewport: { width, height }, hasTouch: true, isMobile: true })
      await button(cardOf(page, 'ex-stock'), 'Set the shop’s stock').click()
      await button(cardOf(page, 'ex-never-imported'), 'Create the order').click()
      const widths = await page.evaluate(() =>
        [
          document.documentElement,
          document.querySelector('#feed'),
          ...document.querySelectorAll('.card'),
        ].map((element) => (element ? element.scrollWidth - element.clientWidth : 0)),
      )
      expect(Math.max(...widths)).toBe(0)
      const small = await page
        .locator('.ac-pushButton:visible, .ac-input:visible, #command button:visible')
        .evaluateAll(
          (targets) => targets.filter((target) => target.getBoundingClientRect().height < 36).length,
        )
      expect(small).toBe(0)
      await page.getByRole('link', { name: '#stock 1 open' }).click()
      await expect.poll(() => idsShown(page)).toEqual(['ex-stock'])
    },
  )

  test.each(['light', 'dark'] as const)(
    'in %s every text has enough contrast, every control a name',
    async (scheme) => {
      const console = await start({ people: [{ externalId: 'ines', displayName: 'Ines Okafor' }] })
      const page = await openConsole(console, { colorScheme: scheme })
      await button(cardOf(page, 'ex-never-imported'), 'Create the order').click()
      await button(cardOf(page, 'ex-stock'), 'Set the shop’s stock').click()
      await button(cardOf(page, 'ex-stock'), 'Set the shop’s stock').last().click()
      console.baton.answerPress = async () => ({
        result: 'not_allowed',
        message: 'This needs the role lead.',
      })
      await button(cardOf(page, 'ex-shipped'), 'Check again').click()
      await page.getByText('This needs the role lead.').waitFor()
      await page.getByLabel('Command').fill('drag')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'You asked: drag' }).waitFor()
      expect(await contrastFaults(page)).toEqual([])
      expect(await namelessControls(page)).toEqual([])
      await page.getByRole('button', { name: 'Details of Stock differs' }).click()
      await page.getByRole('dialog').getByText('Nobody has touched it yet.').waitFor()
      expect(await contrastFaults(page)).toEqual([])
    },
  )

  test('nothing moves for readers who asked for that', async () => {
    const page = await openConsole(await start(), { reducedMotion: 'reduce' })
    const moving = await page.evaluate(() => document.getAnimations().length)
    expect(moving).toBe(0)
    expect(await cardOf(page, 'ex-shipped').evaluate((card) => getComputedStyle(card).animationName)).toBe(
      'none',
    )
  })

  test('another web page can neither read, press nor frame the console', async () => {
    const console = await start()
    const press = JSON.stringify({ exception: 'ex-shipped', action: 'recheck', version: 1, values: {} })
    const attack = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end(`<!doctype html>
        <iframe id="frame" src="${console.url}/console"></iframe>
        <form id="form" method="post" enctype="text/plain" target="sink" action="${console.url}/console/api/press">
          <input name='${press.slice(0, -1)},"x":"' value='"}'></form>
        <iframe name="sink"></iframe>`)
    })
    await new Promise<void>((resolve) => attack.listen(0, '127.0.0.1', resolve))
    const { port } = attack.address() as AddressInfo
    const page = await browser.newPage()
    await page.goto(`http://evil.test:${port}/`)
    const outcome = await page.evaluate(
      async ({ url, body }) => {
        const attempt = (path: string, init: RequestInit): Promise<string> =>
          fetch(`${url}${path}`, init).then(
            (response) => response.type,
            () => 'blocked',
          )
        const json = { 'Content-Type': 'application/json' }
        document.querySelector('form')?.submit()
        return [
          await attempt('/console/api/exceptions', {}),
          await attempt('/console/api/press', { method: 'POST', headers: json, body }),
          await attempt('/console/api/press', { method: 'POST', mode: 'no-cors', body }),
        ]
      },
      { url: console.url, body: press },
    )
    expect(outcome).toEqual(['blocked', 'blocked', 'blocked'])
    await expect.poll(() => console.log).toHaveLength(5)
    expect(console.log.toSorted()).toEqual([
      'GET /console 403',
      'GET /console/api/exceptions 403',
      'OPTIONS /console/api/press 403',
      'POST /console/api/press 403',
      'POST /console/api/press 403',
    ])
    expect(console.baton.presses).toEqual([])
    await page.close()
    await new Promise((resolve) => attack.close(resolve))
  })

  test('from elsewhere the console asks for its token once, also when a link leads there', async () => {
    const token = 'correct-horse-battery-staple-7719'
    const console = await start({ token })
    const page = await open(`http://baton.test:${console.port}/console#channel=shipping`)
    await page.getByLabel('Console token').fill('wrong')
    await button(page, 'Sign in').click()
    await page.getByRole('alert').getByText('That is not the token').waitFor()
    await page.getByLabel('Console token').fill(token)
    await button(page, 'Sign in').click()
    await expect.poll(() => idsShown(page)).toEqual(['ex-shipped', 'ex-no-scan'])
    await button(cardOf(page, 'ex-shipped'), 'Check again').click()
    await cardOf(page, 'ex-shipped').getByText('Started.').waitFor()

    // A link on another site, as a chat's web page is one.
    const link = `<a href="http://baton.test:${console.port}/console#channel=stock">to the stock</a>`
    await page.route('http://chat.test/', (route) => route.fulfill({ contentType: 'text/html', body: link }))
    await page.goto('http://chat.test/')
    await page.getByText('to the stock').click()
    await expect.poll(() => idsShown(page)).toEqual(['ex-stock'])

    await button(page, 'Sign out').click()
    await page.getByLabel('Console token').waitFor()
  })
})
