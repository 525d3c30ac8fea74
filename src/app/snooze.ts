import { DateTime } from 'luxon'

export type SnoozeChoice = { value: string; label: string; until: Date }

/** Until when something can be set aside, as it is meant in the zone. */
export const snoozeChoices = (now: Date, zone: string): SnoozeChoice[] => {
  const here = DateTime.fromJSDate(now, { zone })
  const at = (days: number): DateTime => here.plus({ days }).startOf('day').set({ hour: 8 })
  const choice = (value: string, words: string, until: DateTime): SnoozeChoice => ({
    value,
    label: `${words} (${until.setLocale('en-GB').toFormat('ccc d LLL, HH:mm')})`,
    until: until.toJSDate(),
  })
  return [
    choice('1h', '1 hour', here.plus({ hours: 1 })),
    choice('4h', '4 hours', here.plus({ hours: 4 })),
    choice('tomorrow', 'Tomorrow at 8', at(1)),
    choice('monday', 'Monday at 8', at(8 - here.weekday)),
  ]
}
