import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commands } from '../../commands/index.ts'
import { NOW } from '../support/command-world.ts'

describe('the registry of commands', () => {
  it('lists exactly the files of the folder, each under its own name', () => {
    const files = readdirSync(new URL('../../commands/', import.meta.url))
      .filter((name) => name !== 'index.ts')
      .map((name) => name.replace(/\.ts$/, ''))
    expect(commands.map(({ name }) => name).sort()).toEqual(files.sort())
  })

  it('gives no word two meanings', () => {
    const words = commands.flatMap(({ name, aliases }) => [name, ...aliases])
    expect(words).toEqual([...new Set(words.map((word) => word.toLowerCase()))])
  })

  it.each(commands.map((command) => [command.name, command] as const))(
    'shows examples of %s that it understands',
    (name, command) => {
      expect(command.usage.split(' ')[0]).toBe(name)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples) {
        const [word, ...rest] = example.split(' ')
        expect(word).toBe(name)
        expect(command.parse(rest.join(' '), { now: NOW, zone: 'Europe/Berlin' }), example).toMatchObject({
          ok: true,
        })
      }
    },
  )
})
