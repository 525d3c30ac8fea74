import { SEEDS } from '../support/detection/week.ts'
import { describeWeeks } from '../support/detection/weeks.ts'

describeWeeks(SEEDS.slice(4, 8))
