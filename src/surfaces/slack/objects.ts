import type { types } from '@slack/bolt'
import { LIMITS } from './limits.ts'
import { shorten, shortenLine } from './text.ts'

/** Slack's text objects. In `plain_text` Slack formats, links and mentions nothing: all text of cards goes there. */

export const plain = (text: string, max: number): types.PlainTextElement => ({
  type: 'plain_text',
  text: shorten(text, max),
  emoji: false,
})

export const plainLine = (text: string, max: number): types.PlainTextElement => ({
  type: 'plain_text',
  text: shortenLine(text, max),
  emoji: false,
})

/** For text of our own only. `verbatim`: what looks like a link or a name in it stays text. */
export const mrkdwn = (text: string): types.MrkdwnElement => ({ type: 'mrkdwn', text, verbatim: true })

export const section = (text: string): types.SectionBlock => ({
  type: 'section',
  text: plain(text, LIMITS.section.text),
})
