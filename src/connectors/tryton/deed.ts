import { SystemError } from '../../app/errors.ts'
import type { Context, TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'

export type Guarded = { id: number; _timestamp: string }

/** The calls of one action, in turn. */
export type Deed = {
  /** Throws SystemError. */
  change(method: string, params: unknown[], context?: Context): Promise<unknown>
  /** Presses a button, unless the record has been written since it was read: then Tryton refuses. */
  press(model: string, button: string, row: Guarded): Promise<unknown>
  /** Writes into a record, under the same condition. */
  write(model: string, row: Guarded, values: object): Promise<unknown>
  /** Undone again: nothing has changed after all. */
  undone(): void
  signal: AbortSignal
}

/** Tryton compares this with the record's own and refuses if somebody has written in between. */
export const guardedBy = (model: string, ...rows: Guarded[]): Context => ({
  _timestamp: Object.fromEntries(rows.map(({ id, _timestamp }) => [`${model},${id}`, _timestamp])),
})

/**
 * Several calls as one deed. From the first change on, a failure further down no longer means that nothing has
 * changed: Baton is told to look.
 */
export const doing = async <T>(
  client: TrytonClient,
  { name: system }: TrytonConfig,
  signal: AbortSignal,
  body: (deed: Deed) => Promise<T>,
): Promise<T> => {
  let touched = false
  const change: Deed['change'] = async (method, params, context) => {
    const result = await client.change(method, params, signal, context)
    touched = true
    return result
  }
  const deed: Deed = {
    change,
    press: (model, button, row) => change(`model.${model}.${button}`, [[row.id]], guardedBy(model, row)),
    write: (model, row, values) => change(`model.${model}.write`, [[row.id], values], guardedBy(model, row)),
    undone() {
      touched = false
    },
    signal,
  }
  try {
    return await body(deed)
  } catch (error) {
    if (!touched || !(error instanceof SystemError) || error.failure === 'ambiguous') throw error
    throw new SystemError(system, 'ambiguous', `Stopped half-way: ${error.message}`)
  }
}

/** One step of a record's way: from these states by this button into one of those. */
export type Step = { from: string[]; button: string; to: string[] }

type Stateful = Guarded & { state: { raw: string } }

/**
 * Presses one button after the other. A button pressed in the wrong state answers 200 and does nothing, so that the
 * record is read again after each: the next one is only pressed where the last one worked. Where a step has been done
 * already it is left out, so that a way that broke off goes on from there.
 */
export const walk = async <Row extends Stateful>(
  { name: system }: TrytonConfig,
  deed: Deed,
  model: string,
  read: () => Promise<Row>,
  steps: Step[],
): Promise<Row> => {
  let row = await read()
  for (const { from, button, to } of steps) {
    if (!from.includes(row.state.raw)) continue
    await deed.press(model, button, row)
    row = await read()
    if (to.includes(row.state.raw)) continue
    const words = `${system} took "${button}" for ${model} ${row.id} and left it ${row.state.raw}.`
    throw new SystemError(system, 'refused', words)
  }
  return row
}
