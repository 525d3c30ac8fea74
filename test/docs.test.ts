import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cataloguePage } from '../scripts/catalogue.ts'
import { CATALOGUE } from '../src/app/catalogue.ts'
import { projectRoot } from '../src/root.ts'

it('docs/catalogue.md says what is shipped; if this fails, `npm run catalogue` writes it anew', async () => {
  const page = await readFile(join(projectRoot, 'docs/catalogue.md'), 'utf8')
  expect(page.trimEnd()).toBe(cataloguePage(CATALOGUE).trimEnd())
})
