import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningBaton, startBaton, tellOnFailure, testFolder } from '../support/baton.ts'
import { type SeenMessage, type SlackDouble, startSlackDouble } from '../support/slack/double.ts'
import { type Channel, TEAM, type User } from '../support/slack/world.ts'
import { declared } from '../surfaces/slack/rig.ts'

/** The suggested action of a short pick: safe, so that one press is enough. */
const SHIP_REST = 'Ship the rest, back-order the missing line'

/** The whole of Baton with its sandbox, as `npm start` runs it, in somebody's Slack. */
describe.each(['Socket Mode', 'HTTP mode'])(
  'Baton in Slack over %s, from the signal to the verified card',
  (mode) => {
    let slack: SlackDouble
    let channel: Channel
    let mara: User
    let baton: RunningBaton
    tellOnFailure(() => baton)

    beforeAll(async () => {
      slack = await startSlackDouble({ ...declared(), clock: 'wall' })
      channel = slack.addChannel('exceptions')
      mara = slack.addUser('Mara Example')
      const folder = await testFolder()
      const config = join(folder, 'baton.yml')
      await writeFile(
        config,
        `channels: [{ id: exceptions, title: Exceptions, slack: ${channel.id} }]
people: [{ name: Mara Example, role: lead, slack: "${TEAM.id}:${mara.id}" }]
`,
      )
      baton = await startBaton({
        env: {
          LOG_LEVEL: 'info',
          BATON_CONFIG: config,
          BATON_DATA_DIR: join(folder, 'data'),
          SLACK_BOT_TOKEN: slack.botToken,
          ...(mode === 'HTTP mode'
            ? { SLACK_SIGNING_SECRET: slack.signingSecret }
            : { SLACK_APP_TOKEN: slack.appToken }),
          SLACK_API_URL: slack.apiUrl,
        },
      })
      if (mode === 'HTTP mode') await slack.deliverOverHttp(`${baton.url}/slack/events`)
    }, 60_000)

    afterAll(async () => {
      expect(await baton.stop('SIGTERM')).toBe(0)
      await slack.stop()
    }, 30_000)

    const short = (): SeenMessage | undefined =>
      slack.see(channel).find(({ buttons }) => buttons.some(({ label }) => label === SHIP_REST))

    it('a card is posted, a press is carried out, and the same message says that it was verified, and by whom', async () => {
      const card = await vi.waitFor(
        () => {
          const found = short()
          if (!found) throw new Error('No short pick yet')
          return found
        },
        { timeout: 45_000, interval: 200 },
      )
      await slack.press(channel, card.ts, SHIP_REST, mara)
      await vi.waitFor(
        () => {
          const now = slack.see(channel).find(({ ts }) => ts === card.ts)
          const text = JSON.stringify(now)
          expect(text).toContain('verified')
          expect(text).toContain('Mara Example')
          expect(now?.edited).toBe(true)
        },
        { timeout: 30_000, interval: 200 },
      )
    }, 90_000)

    it('/baton answers the asker alone, with the same words as everywhere', async () => {
      await slack.command('/baton drag today', channel, mara)
      await vi.waitFor(
        () => {
          const answers = slack.see(channel, mara).filter(({ ephemeral }) => ephemeral)
          expect(JSON.stringify(answers)).toContain('hands-on work')
        },
        { timeout: 10_000, interval: 100 },
      )
      expect(JSON.stringify(slack.see(channel))).not.toContain('hands-on work')
    })

    it('logs neither tokens nor what people wrote', () => {
      const said = baton.said.out + baton.said.err
      expect(said).toContain('Baton is running')
      expect(said).not.toContain(slack.botToken)
      expect(said).not.toContain(slack.appToken)
      expect(said).not.toContain(slack.signingSecret)
      expect(said).not.toContain('Mara')
    })
  },
)
