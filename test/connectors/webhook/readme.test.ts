import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batonYml } from '../../../src/config/baton-yml.ts'
import { parseYaml } from '../../../src/config/yaml-file.ts'
import { connectAll } from '../../../src/connectors/index.ts'
import { projectRoot } from '../../../src/root.ts'

const env = {
  WMS_SECRET: 'a',
  WMS_TOKEN: 'b',
  IPAAS_SECRET: 'whsec_c2VjcmV0',
  IPAAS_KEY: 'c',
  ERP_TOKEN: 'd',
  S: 's',
  T: 't',
  P: 'p',
}

describe('the README', () => {
  it('shows whole blocks, which Baton reads as they stand', async () => {
    const text = await readFile(join(projectRoot, 'src/connectors/webhook/README.md'), 'utf8')
    const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) =>
      yaml.replace(/^systems:\n/, ''),
    )
    expect(blocks).toHaveLength(3)
    const { systems } = parseYaml(`systems:\n${blocks.join('')}`, 'README.md', batonYml(env))
    const connectors = connectAll(systems, { now: () => new Date() })
    expect(connectors.map(({ kind, actions }) => [kind, actions.map(({ id }) => id)])).toEqual([
      ['webhook', ['release_delivery']],
      ['webhook', ['retry_message']],
      ['http', ['create_order']],
    ])
  })

  it('and so is the example in baton.example.yml, once it is switched on', async () => {
    const text = await readFile(join(projectRoot, 'baton.example.yml'), 'utf8')
    const lines = text.split('\n')
    const from = lines.indexOf('  # ipaas:')
    const length = lines.slice(from).findIndex((line) => !line.startsWith('  # '))
    const block = lines.slice(from, from + length).map((line) => line.replace('# ', ''))
    const { systems } = parseYaml(['systems:', ...block].join('\n'), 'baton.example.yml', batonYml(env))
    expect(systems.map(({ name }) => name)).toEqual(['ipaas'])
  })
})
