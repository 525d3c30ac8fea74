import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { projectRoot } from '../../../src/root.ts'
import { renderCard } from '../../../src/surfaces/slack/render.ts'
import { pictured } from '../../fixtures/pictures/card.ts'
import { checkBlocks } from '../../support/slack/blocks.ts'

const message = z.object({ text: z.string().min(1), blocks: z.array(z.unknown()) })
const shown = async () =>
  message.parse(JSON.parse(await readFile(join(projectRoot, 'docs/slack.json'), 'utf8')))

describe('docs/slack.json', () => {
  it('is a message that Slack takes', async () => {
    expect(checkBlocks((await shown()).blocks)).toEqual([])
  })

  it('is what Baton sends for the card of the pictures; if this fails, `npm run screenshot` makes all anew', async () => {
    expect(await shown()).toEqual(JSON.parse(JSON.stringify(renderCard(pictured, 'post'))))
  })
})
