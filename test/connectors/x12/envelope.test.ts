import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { x12Config } from '../../../src/connectors/x12/config.ts'
import { deliveryKeyOf, parseX12 } from '../../../src/connectors/x12/parse.ts'
import {
  type Document,
  type Envelope,
  interchange,
  inventory,
  receivingAdvice,
  shipAdvice,
  shipNotice,
  stockReceipt,
} from '../../support/x12/documents.ts'

type Settings = Partial<z.input<typeof x12Config>>
const configured = (settings: Settings = {}) => ({
  ...x12Config.parse({ role: 'wms', verify: { bearer: { tokens: ['a token'] } }, ...settings }),
  name: 'bravo',
})
const read = (text: string, settings?: Settings) => parseX12(configured(settings), Buffer.from(text))
const made = (...documents: Document[]) => interchange({ control: 905 }, ...documents)
const idsOf = (text: string, settings?: Settings) =>
  read(text, settings).facts.map(({ externalId }) => externalId)
const badOf = (text: string, settings?: Settings) =>
  read(text, settings).bad.map(({ at, reason }) => `${at}: ${reason}`)
/** Two whole sets, and what an envelope that was meddled with says of itself. */
const SOUND = made(shipAdvice(), stockReceipt())
const meddled = (from: string | RegExp, to: string) => {
  const text = SOUND.replace(from, to)
  expect(text).not.toBe(SOUND)
  const { facts } = read(text)
  expect(facts).toEqual([])
  return badOf(text)
}

describe('an interchange', () => {
  it.each<[string, Partial<Envelope>]>([
    ['line breaks', { after: '\r\n' }],
    ['none', { after: '' }],
    ['a line break as terminator', { terminator: '\n', after: '' }],
    ['a carriage return as terminator', { terminator: '\r', after: '\n' }],
    ['other separators', { element: '|', component: ':', terminator: "'" }],
    ['invisible separators', { element: '\x1d', component: '\x1f', terminator: '\x1c', after: '' }],
    ['version 5010', { version: '00501' }],
  ])('says the same with %s', (_name, envelope) => {
    const text = interchange({ control: 905, ...envelope }, shipAdvice(), inventory())
    expect(read(text)).toEqual(read(interchange({ control: 905 }, shipAdvice(), inventory())))
    expect(read(text).facts).toHaveLength(3)
  })

  it('stands in a file with others, each with its own separators, sender and numbers', () => {
    const file = [
      interchange({ control: 905, after: '' }, shipAdvice()),
      interchange({ control: 17, sender: 'OTHER', element: '|', terminator: "'" }, stockReceipt()),
      '\r\n\r\n',
      interchange({ control: 906, terminator: '\n', after: '' }, inventory()),
    ].join('')
    const { facts, bad, sequence } = read(file)
    expect(bad).toEqual([])
    expect(facts).toHaveLength(4)
    expect(sequence).toEqual([
      { of: 'ZZ:BRAVO3PL>ZZ:BATONSHOP', number: 905 },
      { of: 'ZZ:OTHER>ZZ:BATONSHOP', number: 17 },
      { of: 'ZZ:BRAVO3PL>ZZ:BATONSHOP', number: 906 },
    ])
  })

  it('may hold several groups, and be written in UTF-8 or Latin-1', () => {
    const [start = '', second = ''] = [SOUND, made(inventory())].map((text) =>
      text.slice(text.indexOf('GS*'), text.indexOf('IEA')),
    )
    const isa = SOUND.slice(0, SOUND.indexOf('GS*'))
    const groups = `${isa}${start}${second}IEA*2*000000905~`
    expect(read(groups).facts).toHaveLength(4)
    const accented = made(shipAdvice({ more: ['N1*ST*Zoë Müller'] }))
    for (const body of [Buffer.from(accented, 'utf8'), Buffer.from(accented, 'latin1')]) {
      expect(parseX12(configured(), body).facts).toHaveLength(1)
    }
    expect(read(`\uFEFF${SOUND}`).facts).toHaveLength(2)
  })

  it('without any set, which only answers one of ours, is in order', () => {
    const isa = SOUND.slice(0, SOUND.indexOf('GS*'))
    const { facts, bad, sequence } = read(`${isa}TA1*000000041*261123*0540*A*000~IEA*0*000000905~`)
    expect([facts, bad]).toEqual([[], []])
    expect(sequence).toHaveLength(1)
  })

  it.each<[string, string | RegExp, string, string]>([
    [
      'ends under another number',
      /IEA\*1\*000000905/,
      'IEA*1*000000906',
      'IEA02 is 000000906, ISA13 is 000000905',
    ],
    ['counts its groups wrongly', 'IEA*1*', 'IEA*2*', 'IEA01 says 2 groups; there are 1'],
    ['has a group that ends under another number', /GE\*2\*905/, 'GE*2*906', 'GE02 is 906, GS06 is 905'],
    ['has a group that counts its sets wrongly', 'GE*2*', 'GE*3*', 'GE01 says 3 sets; there are 2'],
    ['has a group without an end', /GE\*2\*905~\n/, '', 'the group 905 has no GE'],
    [
      'has a group without a beginning',
      /GS\*.*\n/,
      '',
      'ST segment cannot appear outside of a functional group.',
    ],
    ['has no end', /IEA.*\n/, '', 'it does not end with IEA'],
    ['is cut off', /W03\*3[\s\S]*/, 'W03', 'it is cut off, or "W03" follows its end'],
    ['goes on after its end', /$/, 'ST*945*0009~SE*2*0009~', 'it does not end with IEA'],
    [
      'has segments outside of any set',
      'ST*944',
      'N9*XX*1~ST*944',
      'segments stand outside of any transaction set',
    ],
    ['is of another version', '00401*', '00307*', 'ISA12 is 00307; 00401 and 00501 are read'],
    ['has a group of another version', '*004010', '*003050', 'GS08 is 003050; 004010 and 005010 are read'],
    [
      'has no number',
      /000000905\*0/,
      'ABCDEFGHI*0',
      'ISA13 is "ABCDEFGHI", which is no control number of nine digits',
    ],
  ])('that %s is not read at all', (_name, from, to, reason) => {
    const [bad, ...more] = meddled(from, to)
    expect(more).toEqual([])
    expect(bad).toMatch(/^ISA /)
    expect(bad).toContain(reason)
  })

  it('that is broken is left out, and its neighbours in the file are read', () => {
    const broken = interchange({ control: 906 }, shipAdvice()).replace('IEA*1*', 'IEA*7*')
    const cut = interchange({ control: 907 }, shipAdvice()).slice(0, 300)
    const { facts, bad, sequence } = read(
      [SOUND, broken, cut, interchange({ control: 908 }, inventory())].join(''),
    )
    expect(facts).toHaveLength(4)
    expect(bad.map(({ at }) => at)).toEqual(['ISA 000000906', 'ISA 000000907'])
    // What cannot be read has not come.
    expect(sequence?.map(({ number }) => number)).toEqual([905, 908])
  })

  it('with an ISA of another width is none: what follows the one before it says so', () => {
    const narrow = made(shipAdvice()).replace('BRAVO3PL       ', 'BRAVO3PL')
    expect(() => read(narrow)).toThrow('no ISA segment of 106 characters')
    expect(badOf(SOUND + narrow)[0]).toMatch(/^ISA 000000905: /)
    expect(badOf(`${narrow}${SOUND}`)[0]).toMatch(/^before the first ISA: /)
    expect(read(`${narrow}${SOUND}`).facts).toHaveLength(2)
  })

  it('from somebody else, for somebody else, or a test is not taken', () => {
    expect(badOf(SOUND, { sender: 'ACME' })).toEqual(['ISA 000000905: it comes from BRAVO3PL, not from ACME'])
    expect(badOf(SOUND, { receiver: 'ACME' })).toEqual(['ISA 000000905: it is for BATONSHOP, not for ACME'])
    const test = interchange({ control: 905, usage: 'T' }, shipAdvice())
    expect(badOf(test)[0]).toContain('it is marked as a test')
    expect(read(test, { test: true }).facts).toHaveLength(1)
    expect(badOf(SOUND, { test: true })[0]).toContain('it is real')
    expect(read(SOUND, { sender: 'BRAVO3PL', receiver: 'BATONSHOP' }).facts).toHaveLength(2)
  })

  it('has no number to be missed where the partner counts all its partners together', () => {
    expect(read(SOUND, { gaps: false }).sequence).toBeUndefined()
  })
})

describe('a transaction set', () => {
  const between = (spoilt: (text: string) => string) => {
    const three = made(shipAdvice(), stockReceipt(), inventory())
    const text = spoilt(three)
    expect(text).not.toBe(three)
    return text
  }

  it.each<[string, (text: string) => string, string]>([
    [
      'counts its segments wrongly',
      (t) => t.replace('SE*9*0002', 'SE*8*0002'),
      'SE01 says 8 segments; there are 9',
    ],
    ['ends under another number', (t) => t.replace('SE*9*0002', 'SE*9*0003'), 'SE02 is 0003, ST02 is 0002'],
    ['has no end', (t) => t.replace('SE*9*0002~\n', ''), 'the set has no SE: it is cut off'],
    ['has lost a segment', (t) => t.replace('W14*120~\n', ''), 'SE01 says 9 segments; there are 8'],
    ['says nothing in a segment', (t) => t.replace('W07*96*EA**SK*MUG-RED', 'W07'), 'it names no article'],
  ])('that %s is a bad row with its place, and its neighbours are read', (_name, spoilt, reason) => {
    const text = between(spoilt)
    expect(idsOf(text)).toEqual(['1001/S-77', 'MUG-RED@EAST', 'PEN-GEL@EAST'])
    const [bad, ...more] = badOf(text)
    expect(more).toEqual([])
    expect(bad).toMatch(/^ISA 000000905, ST 0002 \(944\), (SE|W07): /)
    expect(bad).toContain(reason)
  })

  it('does not lend its elements to a tag that has none', () => {
    // The parser would give `LX` the last element of the segment before it.
    const text = made(shipAdvice()).replace('LX*1', 'LX')
    expect(read(text)).toEqual(read(made(shipAdvice())))
    const noCode = made(shipAdvice()).replace('W27*M*UPSN*Ground', 'W27')
    expect(read(noCode).facts[0]?.attributes.carrier).toBeNull()
  })

  it('that acknowledges says nothing to Baton, and others that it does not know are reported', () => {
    const text = made(['997', 'AK1*OW*41', 'AK9*A*1*1*1'], ['810', 'BIG*20261123*1'], shipAdvice())
    expect(idsOf(text)).toEqual(['1001/S-77'])
    expect(badOf(text)).toHaveLength(1)
    expect(badOf(text)[0]).toContain('ST 0002 (810)')
    expect(badOf(text, { ignore: ['997', '810'] })).toEqual([])
  })
})

describe('a delivery', () => {
  const key = (text: string) => deliveryKeyOf(Buffer.from(text))

  it('is known again by its sender, receiver, number and time', () => {
    expect(key(SOUND)).toBe('ISA ZZ:BRAVO3PL>ZZ:BATONSHOP 000000905 261123 0545')
    expect(key(SOUND.replaceAll('\n', '\r\n'))).toBe(key(SOUND))
    const others: Envelope[] = [
      { control: 906 },
      { control: 905, sender: 'ACME' },
      { control: 905, receiver: 'ACME' },
      // Who begins to count anew is heard.
      { control: 905, date: '20271123' },
    ]
    const keys = others.map((envelope) => key(interchange(envelope, shipAdvice())))
    expect(new Set([...keys, key(SOUND)]).size).toBe(5)
  })

  it('of several interchanges is known by all of them', () => {
    const second = interchange({ control: 906 }, inventory())
    expect(key(SOUND + second)).toBe(key(`${SOUND}\n${second}`))
    expect(key(SOUND + second)).not.toBe(key(SOUND))
    expect(key(SOUND + second).length).toBeLessThan(100)
  })

  it('that cannot be read as a whole is known by its bytes: mended under the same number it is another one', () => {
    const broken = SOUND.replace('IEA*1*', 'IEA*2*')
    expect(key(broken)).toMatch(/^sha256 /)
    expect(key(broken)).toBe(key(broken))
    expect(key('no X12')).toMatch(/^sha256 /)
  })
})

describe('whatever comes in', () => {
  const documents = [shipAdvice(), stockReceipt(), inventory(), receivingAdvice()]
  const files = [
    SOUND,
    interchange({ control: 1 }, ...documents) + interchange({ control: 2, terminator: "'" }, inventory()),
  ]
  const supplied = interchange({ control: 3 }, shipNotice())
  const parsed = (text: string, settings?: Settings) => {
    try {
      return read(text, settings)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      expect(error).not.toBeInstanceOf(TypeError)
      return { facts: [], bad: [{ at: 'all', reason: 'of it' }] }
    }
  }

  it('a file that is cut off anywhere says nothing of the interchange that is not whole', () => {
    fc.assert(
      fc.property(fc.nat(SOUND.trimEnd().length - 2), (length) => {
        const { facts, bad } = parsed(SOUND.slice(0, length))
        expect(facts).toEqual([])
        expect(bad).toHaveLength(1)
      }),
    )
  })

  it('a segment that is lost on the way never goes unnoticed', () => {
    for (const text of files.slice(0, 1)) {
      const segments = text.split('\n').filter((line) => line !== '')
      for (const lost of segments.keys()) {
        const { bad } = parsed(segments.filter((_, index) => index !== lost).join('\n'))
        expect(bad.length, segments[lost]).toBeGreaterThan(0)
      }
    }
  })

  it('becomes sound facts, bad rows with their places, or one error for all of it', () => {
    const spoil = fc.tuple(
      fc.constantFrom(...files, supplied),
      fc.nat(),
      fc.nat(30),
      fc.string({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(
        spoil,
        fc.constantFrom('wms' as const, 'supplier' as const),
        ([text, at, cut, by], role) => {
          const start = at % text.length
          const { facts, bad } = parsed(text.slice(0, start) + by + text.slice(start + cut), { role })
          for (const fact of facts) {
            expect(fact.keys.some(({ kind, value }) => kind === 'identity' && value !== '')).toBe(true)
            expect(Object.values(fact.quantities).every(Number.isSafeInteger)).toBe(true)
            expect(Number.isFinite(fact.version)).toBe(true)
            expect(Number.isFinite(fact.occurredAt.getTime())).toBe(true)
          }
          for (const { at, reason } of bad) expect([at === '', reason === '']).toEqual([false, false])
        },
      ),
      { numRuns: 600 },
    )
  })
})
