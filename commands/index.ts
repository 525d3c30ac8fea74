import type { Command } from '../src/app/command.ts'
import { drag } from './drag.ts'
import { find } from './find.ts'
import { fix } from './fix.ts'
import { graces } from './graces.ts'
import { help } from './help.ts'
import { history } from './history.ts'
import { join } from './join.ts'
import { mine } from './mine.ts'
import { open } from './open.ts'
import { people } from './people.ts'
import { split } from './split.ts'
import { today } from './today.ts'
import { unmap } from './unmap.ts'

/** Every command, in the order in which `help` shows them. A new one is a file here and a line in this list. */
export const commands: readonly Command[] = [
  today,
  open,
  find,
  mine,
  history,
  fix,
  drag,
  graces,
  people,
  split,
  join,
  unmap,
  help,
]
