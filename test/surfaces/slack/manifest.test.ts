import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { COMMAND, SCOPES } from '../../../src/surfaces/slack/config.ts'
import { EVENTS } from '../../../src/surfaces/slack/events.ts'
import { declared, MODES, postCard, startRig } from './rig.ts'

const shape = z.object({
  display_information: z.object({
    name: z.string().max(35),
    description: z.string().max(140),
    long_description: z.string().min(174).max(4000),
    background_color: z.string().regex(/^#[0-9a-f]{6}$/),
  }),
  features: z.object({
    app_home: z.object({ home_tab_enabled: z.literal(true), messages_tab_enabled: z.literal(true) }),
    bot_user: z.object({ display_name: z.string().max(80) }),
    slash_commands: z
      .array(
        z.object({
          command: z.string(),
          description: z.string().max(2000),
          usage_hint: z.string().max(1000),
        }),
      )
      .max(50),
  }),
  settings: z.object({
    interactivity: z.object({ is_enabled: z.literal(true) }),
    socket_mode_enabled: z.literal(true),
  }),
})

it('manifest.yml keeps to the limits of a Slack manifest', () => {
  expect(() => shape.parse(parse(readFileSync('manifest.yml', 'utf8')))).not.toThrow()
})

it('manifest.yml asks for the scopes and events that Baton works with, and declares its command', () => {
  expect(declared().scopes).toEqual([...SCOPES])
  expect(declared().events).toEqual([...EVENTS])
  expect(declared().commands).toEqual([COMMAND])
})

// The double grants what the manifest declares and nothing else: a call, command or event beyond it fails here.
it.each(MODES)(
  'over %s everything that Baton does in Slack works with what manifest.yml declares, and uses all of it',
  async (mode) => {
    const rig = await startRig(mode)
    const { slack, orders, mara } = rig
    const ts = await postCard(rig)
    await slack.press(orders, ts, 'Book the receipt', mara)
    await slack.press(orders, ts, 'Dismiss', mara)
    await slack.until('the form', () => slack.viewOf(mara) !== null)
    await slack.command('/baton open', orders, mara)
    await slack.mention('open', orders, mara)
    await slack.until('the answer to a mention', () => slack.see(orders).some((each) => each.thread !== null))
    await slack.writeDirect('open', mara)
    await slack.until('the direct answer', () => slack.see(slack.world.direct(mara)).length === 2)
    await slack.openHome(mara)
    await slack.until('the home', () => slack.homeOf(mara) !== null)
    await slack.event({ type: 'subteam_updated', subteam: { id: 'S1' } })
    await slack.event({ type: 'subteam_members_changed', subteam_id: 'S1' })
    await slack.event({ type: 'tokens_revoked', tokens: { bot: ['U0BATON'] } })
    await slack.event({ type: 'app_uninstalled' })
    await rig.stop()
    expect([...slack.deliveredEvents].sort()).toEqual([...declared().events].sort())
    // Slack hands out the e-mail with users.info, to whoever has this scope.
    const used = [...slack.usedScopes, 'users:read.email']
    expect(used.sort()).toEqual([...declared().scopes].sort())
  },
)
