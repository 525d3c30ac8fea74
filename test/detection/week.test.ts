import { SEEDS } from '../support/detection/week.ts'
import { describeWeeks } from '../support/detection/weeks.ts'

// In two files, so that they run beside each other. All twenty weeks: `npm run bench -- detection`; any one of them, or a
// new one: DETECTION_SEED=week-17 npx vitest run test/detection/week.test.ts
const asked = process.env.DETECTION_SEED
describeWeeks(asked === undefined ? SEEDS.slice(0, 4) : [asked])
