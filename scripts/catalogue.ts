/*
 * npm run catalogue: writes docs/catalogue.md, the shipped contracts for people who do not read code.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CATALOGUE } from '../src/app/catalogue.ts'
import { lasting } from '../src/app/words.ts'
import { type Contract, type Grace, rolesInvolved } from '../src/domain/contract/contract.ts'
import type { Role } from '../src/domain/model.ts'
import { projectRoot } from '../src/root.ts'

const PAGE = join(projectRoot, 'docs/catalogue.md')

const NAMES: Record<Role, string> = {
  storefront: 'shop',
  erp: 'ERP',
  wms: 'warehouse',
  carrier: 'carrier',
  supplier: 'supplier',
  integration: 'integration',
}

const graceWords = (grace: Grace): string => {
  switch (grace.kind) {
    case 'duration':
      return grace.ms === 0 ? 'at once' : `after ${lasting(grace.ms)}`
    case 'field':
      return `at its \`${grace.attribute}\`${grace.plusMs > 0 ? ` and ${lasting(grace.plusMs)} more` : ''}`
    case 'working':
      return `after ${lasting(grace.ms)} of \`${grace.calendar}\``
    case 'landing':
      return `${lasting(grace.marginMs)} after the next landing`
    case 'learned':
      return `after what is usual, and ${lasting(grace.otherwiseMs)} until that is known`
  }
}

const classesOf = ({ classes, subject }: Contract): string =>
  subject !== 'fulfillment' || classes === null ? '' : `Orders: ${classes.join(', ')}.`

const entry = (contract: Contract): string => {
  const { id, title, meaning, hurts, fix, handoff, severity, grace, foldsUnder } = contract
  const roles = rolesInvolved(contract).map((role) => NAMES[role])
  return [
    `### ${title}`,
    '',
    `\`${id}\` · ${NAMES[handoff.from]} > ${NAMES[handoff.to]} (${handoff.object}) · ${severity} · raised ${graceWords(grace)}`,
    '',
    meaning,
    '',
    `- **Hurts:** ${hurts}`,
    `- **Usual fix:** ${fix}`,
    `- **On when connected:** ${[...new Set(roles)].join(', ')}. ${classesOf(contract)}`.trimEnd(),
    ...(foldsUnder.length > 0
      ? [`- **Shown under:** ${foldsUnder.map((root) => `\`${root}\``).join(', ')}`]
      : []),
  ].join('\n')
}

/** The whole page. */
export const cataloguePage = (contracts: readonly Contract[]): string =>
  [
    '# What Baton finds',
    `The ${contracts.length} contracts that come with Baton. Each is on when the systems that it is about are connected. In \`baton.yml\`, \`contracts.tune.<id>\` changes its grace, severity or tolerance, or switches it off; \`contracts.add\` takes your own. This page is written by \`npm run catalogue\`.`,
    ...contracts.map(entry),
    '',
  ].join('\n\n')

if (process.argv[1] === import.meta.filename) await writeFile(PAGE, `${cataloguePage(CATALOGUE).trimEnd()}\n`)
