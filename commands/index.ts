import type { Command } from '../src/app/command.ts'
import { drag } from './drag.ts'
import { find } from './find.ts'
import { fix } from './fix.ts'
import { graces } from './graces.ts'
import { help } from './help.ts'
import { join } from './join.ts'
import { mine } from './mine.ts'
import { open } from './open.ts'
import { split } from './split.ts'
import { unmap } from './unmap.ts'

/** Every command, in the order in which `help` shows them. A new one is a file here and a line in this list. */
export const commands: readonly Command[] = [open, find, mine, fix, drag, graces, split, join, unmap, help]
