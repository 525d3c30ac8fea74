import fc from 'fast-check'
import type { Card, CardBlock, CardButton, CardInput, CommandButton } from '../../../src/app/card.ts'

/** Text as systems and people send it: attempts at mentions, links, markup and tricks, and far too much of it. */
const NASTY = [
  '<!channel> <!here> <@U0BATON> <#C1001> <!subteam^S1>',
  '<https://evil.example|Click to approve>',
  'https://evil.example/a?b=1&c=2 @here @channel',
  '*bold* _it_ ~no~ `code` ```block```',
  '> quoted\n>>> all of it',
  '&lt;!channel&gt; &amp; <&>',
  'a\u202Egnihsif\u202C \u2066x\u2069',
  '\uD800 lone \uDC00 \u0000\u0007',
  '👩‍👩‍👧‍👦'.repeat(60),
  '&'.repeat(4000),
  '',
  ' \n\t ',
]

export const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.integer({ min: 50, max: 1500 }).map((n) => 'wörd<🧾> '.repeat(n)) },
)
const id = fc.oneof(fc.stringMatching(/^[a-z0-9_.-]{1,30}$/), fc.string({ minLength: 1, maxLength: 60 }))
/** Inputs are named in code. */
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,30}$/)
const at = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: false })
const tone = fc.constantFrom('neutral', 'good', 'warning', 'danger' as const)

export const input: fc.Arbitrary<CardInput> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('text' as const),
      id: name,
      label: text,
      required: fc.boolean(),
      maxLength: fc.integer({ min: 1, max: 100_000 }),
      initial: text,
    },
    { requiredKeys: ['kind', 'id', 'label', 'required', 'maxLength'] },
  ),
  fc.record({
    kind: fc.constant('number' as const),
    id: name,
    label: text,
    required: fc.boolean(),
    min: fc.integer({ min: -1000, max: 0 }),
    max: fc.integer({ min: 0, max: 100_000 }),
    unit: text,
  }),
  fc.record({
    kind: fc.constant('choice' as const),
    id: name,
    label: text,
    required: fc.boolean(),
    options: fc.array(fc.record({ value: fc.stringMatching(/^[a-z_]{1,20}$/), label: text }), {
      minLength: 1,
      maxLength: 120,
    }),
  }),
)

const confirm = fc.option(fc.record({ title: text, text, yes: text }))

const place = fc.constantFrom('main', 'overflow' as const)

export const pressButton: fc.Arbitrary<CardButton> = fc.record({
  place,
  kind: fc.constant('press' as const),
  exception: id,
  action: id,
  version: fc.nat(),
  label: text,
  style: fc.constantFrom('primary', 'danger', 'default' as const),
  enabled: fc.boolean(),
  reason: fc.option(text),
  confirm,
  inputs: fc.uniqueArray(input, { maxLength: 3, selector: (each) => each.id }),
})

const commandButton: fc.Arbitrary<CommandButton> = fc.record({
  place,
  kind: fc.constant('command' as const),
  text,
  label: text,
})

const system = fc.record({
  system: text,
  role: text,
  state: text,
  raw: text,
  at: fc.option(at),
  details: fc.array(text, { maxLength: 4 }),
})

const block: fc.Arbitrary<CardBlock> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text, tone }),
  fc.record({
    kind: fc.constant('facts' as const),
    facts: fc.array(fc.record({ label: text, value: text, at }, { requiredKeys: ['label', 'value'] }), {
      maxLength: 25,
    }),
  }),
  fc.record({ kind: fc.constant('systems' as const), systems: fc.array(system, { maxLength: 8 }) }),
  fc.record({
    kind: fc.constant('table' as const),
    title: text,
    columns: fc.array(text, { maxLength: 25 }),
    rows: fc.array(fc.array(text, { maxLength: 25 }), { maxLength: 6 }),
  }),
  fc.record(
    { kind: fc.constant('time' as const), label: text, at, countdownFrom: at },
    { requiredKeys: ['kind', 'label', 'at'] },
  ),
  fc.record({
    kind: fc.constant('buttons' as const),
    buttons: fc.array(fc.oneof(pressButton, commandButton), { maxLength: 40 }),
  }),
  fc.record({ kind: fc.constant('context' as const), text }),
)

/** Any card at all, also such as no part of Baton would draw. */
export const card: fc.Arbitrary<Card> = fc
  .record({
    title: text,
    tone,
    summary: text,
    blocks: fc.array(block, { maxLength: 70 }),
    exception: fc.option(fc.record({ id, version: fc.nat(), state: fc.constant('open') }), {
      nil: undefined,
    }),
  })
  .map(({ exception, ...rest }) => (exception ? { ...rest, exception } : rest))
