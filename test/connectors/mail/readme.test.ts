import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { batonYml } from '../../../src/config/baton-yml.ts'
import { parseYaml } from '../../../src/config/yaml-file.ts'
import { projectRoot } from '../../../src/root.ts'

const ENV = { MAIL_PASSWORD: 'password' }

it('shows a block that baton.yml takes as it stands', () => {
  const readme = readFileSync(join(projectRoot, 'src/connectors/mail/README.md'), 'utf8')
  const [, block = ''] = /```yaml\n(.*?)```/s.exec(readme) ?? []
  expect(parseYaml(block, 'baton.yml', batonYml(ENV)).systems).toMatchObject([
    { name: 'letters', kind: 'mail' },
  ])
})
